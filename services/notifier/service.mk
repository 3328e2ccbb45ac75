notifier_LIBS := svc smime mail http pki
