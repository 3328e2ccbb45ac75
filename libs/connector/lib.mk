connector_NEEDS := base pki claim
connector_LDLIBS := -ljansson
