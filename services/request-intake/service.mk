request-intake_LIBS := svc pack claim pki smime http
request-intake_GEN := $B/services/request-intake/openapi.c

$B/services/request-intake/openapi.c: services/request-intake/openapi.json services/request-intake/embed.awk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v name=openapi_json -f $(filter %.awk,$^) $(filter %.json,$^) > $@
