reply_NEEDS := base sandbox pack smime pki dkim
reply_PROTO := yes
reply_LDLIBS := -lgmime-3.0 -lgobject-2.0 -lglib-2.0 -levent
reply_CPPFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I gmime-3.0 2>/dev/null))
