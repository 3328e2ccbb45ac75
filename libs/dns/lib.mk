dns_NEEDS := base smime
dns_LDLIBS := -lunbound -levent
