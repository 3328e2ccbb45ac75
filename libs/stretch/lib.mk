stretch_NEEDS := base sandbox
stretch_LDLIBS := -largon2 -levent
