notifier_LIBS := svc directory login outward saml oidc connector claim pack smime mail http pki
