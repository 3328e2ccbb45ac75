pki_NEEDS := base
pki_LDLIBS := -lcrypto
