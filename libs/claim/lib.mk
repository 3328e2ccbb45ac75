claim_NEEDS := base pack pki smime
claim_PROTO := yes
claim_LDLIBS := -lprotobuf-c -ljansson
