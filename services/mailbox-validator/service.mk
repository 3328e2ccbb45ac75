mailbox-validator_LIBS := svc answers pack probe claim reply lmtp smime mail http pki
