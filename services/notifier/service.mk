notifier_LIBS := svc connector claim pack smime mail http pki
