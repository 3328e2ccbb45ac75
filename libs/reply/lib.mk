reply_NEEDS := base smime pki dkim
reply_LDLIBS := -lgmime-3.0 -lgobject-2.0 -lglib-2.0
reply_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I gmime-3.0 2>/dev/null))
