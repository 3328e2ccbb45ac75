domain-validator_LIBS := svc probe claim smime
