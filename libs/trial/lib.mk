trial_NEEDS := base sandbox http connector oidc directory
trial_LDLIBS := -lexpat -levent
