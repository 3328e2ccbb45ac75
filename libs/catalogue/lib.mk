catalogue_NEEDS := base
catalogue_CPPFLAGS := -iquote proto
