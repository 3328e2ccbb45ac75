mailbox-validator_LIBS := svc pack probe claim reply smime mail http pki
