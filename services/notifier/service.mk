notifier_LIBS := svc directory connector claim pack smime mail http pki
