policy_LIBS := svc claim smime
