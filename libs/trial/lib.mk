trial_NEEDS := base sandbox http connector
trial_LDLIBS := -ljansson -lexpat -levent
