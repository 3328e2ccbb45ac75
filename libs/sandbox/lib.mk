sandbox_NEEDS := base
sandbox_LDLIBS := -lseccomp -levent
