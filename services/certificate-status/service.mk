certificate-status_LIBS := svc pack pki http status
