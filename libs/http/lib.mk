http_NEEDS := base
http_LDLIBS := -lcurl -levent
