smime_NEEDS := base
smime_LDLIBS := -lidn2 -lpsl
