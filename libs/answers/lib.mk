answers_NEEDS := base pki db probe
answers_LDLIBS := -levent
