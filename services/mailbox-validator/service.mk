mailbox-validator_LIBS := svc pack probe claim reply lmtp smime mail http pki
