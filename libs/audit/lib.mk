audit_NEEDS := base pki
