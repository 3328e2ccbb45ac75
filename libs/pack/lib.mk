pack_NEEDS := base
pack_LDLIBS := -lprotobuf-c
