probe_NEEDS := base smime dns http pki claim
probe_LDLIBS := -levent
