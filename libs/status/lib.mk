status_NEEDS := base
