mailbox-validator_LIBS := svc pack claim smime mail http pki
