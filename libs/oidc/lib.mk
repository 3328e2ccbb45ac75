oidc_NEEDS := base pki connector
oidc_LDLIBS := -ljansson
# Who signs in tests.
oidc_FAKES := libs/pki/tests/fake_jose.c
