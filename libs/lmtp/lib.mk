lmtp_NEEDS := base
lmtp_LDLIBS := -levent
