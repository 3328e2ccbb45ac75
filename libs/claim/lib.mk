claim_NEEDS := base pki smime
claim_PROTO := yes
claim_LDLIBS := -lprotobuf-c -ljansson
