outward_NEEDS := base http connector
outward_LDLIBS := -levent
