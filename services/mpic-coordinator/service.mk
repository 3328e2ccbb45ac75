mpic-coordinator_LIBS := svc connector probe claim pack smime
