caa-dnssec_LIBS := svc probe claim
