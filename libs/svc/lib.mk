svc_NEEDS := base log sandbox bus db http pki catalogue
svc_LDLIBS := -levent -ljansson
