svc_NEEDS := base log bus db http catalogue
svc_LDLIBS := -levent
