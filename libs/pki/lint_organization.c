/* SPDX-License-Identifier: Apache-2.0 */
/* lint_organization.c: organizationIdentifier (SBR 7.1.4.2.2 d, appendix A.1). */
#include <string.h>

#include "pki/lint_rules.h"

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* ISO 17442, ISO 7064 mod 97-10 over the digits, letters standing for 10 to 35. */
static bool
is_lei(const char *reference)
{
	unsigned rest = 0;

	if (strlen(reference) != 20)
		return false;
	for (const char *at = reference; *at != '\0'; at++) {
		if (*at >= '0' && *at <= '9')
			rest = (rest * 10 + (unsigned)(*at - '0')) % 97;
		else if (is_capital(*at))
			rest = (rest * 100 + (unsigned)(*at - 'A') + 10) % 97;
		else
			return false;
	}
	return rest == 1;
}

/* "+" and one to three letters or digits of ISO 3166-2, and past them. */
static bool
read_subdivision(const char **at)
{
	size_t n = 0;

	if (**at != '+')
		return true;
	for ((*at)++; is_capital(**at) || (**at >= '0' && **at <= '9'); (*at)++)
		n++;
	return n >= 1 && n <= 3;
}

static bool
is_country_consistent(const char *scheme_country, const char *country)
{
	if (country == NULL || strncmp(scheme_country, country, 2) == 0)
		return true;
	return strncmp(scheme_country, "EL", 2) == 0 && strcmp(country, "GR") == 0;
}

static bool
lint_reference(struct lint *lint, const char *scheme, const char *country, const char *rest)
{
	const bool bare = strncmp(scheme, "GOV", 3) == 0 || strncmp(scheme, "INT", 3) == 0;
	const bool global = strncmp(scheme, "LEI", 3) == 0 || strncmp(scheme, "INT", 3) == 0;

	if (bare ? *rest != '\0' : *rest != '-' || rest[1] == '\0')
		return false;
	if (global && strncmp(scheme + 3, "XG", 2) != 0)
		return false;
	if (strncmp(scheme, "LEI", 3) == 0 && !is_lei(rest + 1))
		lint_error(lint, "organization-identifier-lei", "SBR A.1",
		    "the LEI's check digits are wrong");
	if (!global && !is_country_consistent(scheme + 3, country))
		lint_error(lint, "organization-identifier-country", "SBR 7.1.4.2.2 d",
		    "its country is not countryName");
	return true;
}

void
lint_organization_identifier(struct lint *lint, const char *value, const char *country)
{
	static const char *const schemes[] = { "NTR", "VAT", "PSD", "LEI", "GOV", "INT" };
	bool known = false;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		known = known || strncmp(value, schemes[i], 3) == 0;
	const char *rest = value + 5;
	if (!known || strlen(value) < 5 || !is_capital(value[3]) || !is_capital(value[4]) ||
	    !read_subdivision(&rest) || !lint_reference(lint, value, country, rest))
		lint_error(lint, "organization-identifier-malformed", "SBR A.1",
		    "not a scheme, a country and a reference");
}
