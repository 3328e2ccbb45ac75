yaml_NEEDS := base
yaml_LDLIBS := -lyaml -ljansson
