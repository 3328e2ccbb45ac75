notifier_LIBS := svc directory login oidc connector claim pack smime mail http pki
