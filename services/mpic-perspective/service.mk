mpic-perspective_LIBS := svc probe claim
