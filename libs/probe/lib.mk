probe_NEEDS := base sandbox pack smime dns http pki claim
probe_PROTO := yes
probe_LDLIBS := -levent
