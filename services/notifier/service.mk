notifier_LIBS := svc directory login saml oidc connector claim pack smime mail http pki
