dkim_NEEDS := base smime pki
