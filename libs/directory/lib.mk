directory_NEEDS := base sandbox http connector
directory_LDLIBS := -levent
