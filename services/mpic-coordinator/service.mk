mpic-coordinator_LIBS := svc connector claim smime
