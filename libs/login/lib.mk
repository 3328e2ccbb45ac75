login_NEEDS := base sandbox http connector outward oidc saml pki
login_LDLIBS := -levent
# Who signs in tests.
login_FAKES := libs/pki/tests/fake_jose.c libs/saml/tests/fake_idp.c
