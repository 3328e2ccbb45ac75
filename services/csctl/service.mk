csctl_LIBS := probe gate audit claim reply smime pki dns http bus db yaml catalogue base
csctl_GEN := $B/gen/migrations.c
csctl_SQL := $(wildcard libs/svc/sql/*.sql services/*/sql/*.sql)
$B/gen/migrations.c: services/csctl/migrations.awk $(csctl_SQL)
	$(Q)mkdir -p $(@D)
	$(Q)awk -f $^ > $@
$B/gen/migrations.o: CPPFLAGS += -iquote services/csctl
