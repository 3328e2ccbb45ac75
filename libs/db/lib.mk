db_NEEDS := base
db_LDLIBS := -lpq
db_CPPFLAGS := -I/usr/include/postgresql
