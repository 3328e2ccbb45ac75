mpic-coordinator_LIBS := svc outward connector probe claim pack smime
