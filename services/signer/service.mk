signer_LIBS := svc claim smime pki
