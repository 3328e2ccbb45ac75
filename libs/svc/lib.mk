svc_NEEDS := base log bus db http pki catalogue
svc_LDLIBS := -levent -ljansson
