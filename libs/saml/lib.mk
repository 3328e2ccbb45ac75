saml_NEEDS := base pki connector
saml_LDLIBS := -lxmlsec1-openssl -lxmlsec1 -lxml2
saml_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags xmlsec1-openssl 2>/dev/null))
