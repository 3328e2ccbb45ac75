pki_NEEDS := base
pki_LDLIBS := -lssl -lcrypto -lsodium
pki_CPPFLAGS := -isystem /usr/include/p11-kit-1
