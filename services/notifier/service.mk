notifier_LIBS := svc pack smime mail http pki
