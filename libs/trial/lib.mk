trial_NEEDS := base sandbox http connector directory
trial_LDLIBS := -ljansson -lexpat -levent
