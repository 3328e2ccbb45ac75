probe_NEEDS := base dns http pki claim
probe_LDLIBS := -levent
