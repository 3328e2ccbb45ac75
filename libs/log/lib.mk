log_NEEDS := base
