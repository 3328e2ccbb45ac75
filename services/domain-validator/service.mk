domain-validator_LIBS := svc pack probe claim smime pki
