bus_NEEDS := base
bus_LDLIBS := -lnats -ljansson
