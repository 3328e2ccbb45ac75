policy_LIBS := svc connector pack claim smime pki
