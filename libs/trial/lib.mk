trial_NEEDS := base sandbox http connector outward oidc saml directory
trial_LDLIBS := -levent
# Whose metadata it is in tests.
trial_FAKES := libs/saml/tests/fake_idp.c
