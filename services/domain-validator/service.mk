domain-validator_LIBS := svc answers pack probe claim smime pki
