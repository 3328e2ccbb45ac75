catalogue_NEEDS := base
