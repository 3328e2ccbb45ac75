request-intake_LIBS := svc trial saml connector stretch pack claim pki smime http
request-intake_GEN := $(patsubst %,$B/services/request-intake/%.c,openapi confirm_html confirm_js confirm_css second_factor_html second_factor_js second_factor_css common_passwords)

$B/services/request-intake/openapi.c: services/request-intake/openapi.json services/request-intake/embed.awk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v name=openapi_json -f $(filter %.awk,$^) $(filter %.json,$^) > $@

# A file of page/ becomes the string confirm_html, confirm_js, confirm_css.
$B/services/request-intake/confirm_%.c: services/request-intake/page/confirm.% services/request-intake/embed.awk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v name=confirm_$* -f $(filter %.awk,$^) $(filter-out %.awk,$^) > $@

# The same of second-factor.
$B/services/request-intake/second_factor_%.c: services/request-intake/page/second-factor.% services/request-intake/embed.awk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v name=second_factor_$* -f $(filter %.awk,$^) $(filter-out %.awk,$^) > $@

$B/services/request-intake/common_passwords.c: services/request-intake/passwords/common.txt services/request-intake/embed.awk
	$(Q)mkdir -p $(@D)
	$(Q)awk -v name=common_passwords -f $(filter %.awk,$^) $(filter %.txt,$^) > $@
