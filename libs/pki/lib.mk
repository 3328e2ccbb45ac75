pki_NEEDS := base
pki_LDLIBS := -lssl -lcrypto
pki_CPPFLAGS := -isystem /usr/include/p11-kit-1
