pki_NEEDS := base
pki_LDLIBS := -lssl -lcrypto
