mailbox-validator_LIBS := svc claim smime mail http pki
