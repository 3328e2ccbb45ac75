caa-dnssec_LIBS := svc answers probe claim
