mpic-coordinator_LIBS := svc claim smime
