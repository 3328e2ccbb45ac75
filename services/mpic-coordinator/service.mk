mpic-coordinator_LIBS := svc connector claim pack smime
