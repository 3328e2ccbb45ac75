mailbox-validator_LIBS := svc pack probe claim smime mail http pki
