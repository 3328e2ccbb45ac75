policy_LIBS := svc pack claim smime pki
