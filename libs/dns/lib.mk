dns_NEEDS := base
dns_LDLIBS := -lunbound -levent
