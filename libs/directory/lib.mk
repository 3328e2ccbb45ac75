directory_NEEDS := base sandbox http connector outward
directory_LDLIBS := -levent
