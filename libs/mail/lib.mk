mail_NEEDS := base
