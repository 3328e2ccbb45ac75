outward_NEEDS := base sandbox http connector
outward_LDLIBS := -levent
