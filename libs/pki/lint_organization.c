/* SPDX-License-Identifier: Apache-2.0 */
/* lint_organization.c: organizationIdentifier (SBR 7.1.4.2.2 d, appendix A.1). */
#include <string.h>

#include "pki/lint_rules.h"

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* ISO 3166-1 alpha-2, officially assigned, and XX of SBR 7.1.4.2.2. */
static const char countries[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XX YE YT ZA ZM ZW ";

bool
lint_is_country(const char *text)
{
	for (const char *at = countries; *at != '\0'; at += 3)
		if (strncmp(at, text, 2) == 0)
			return true;
	return false;
}

/* ISO 17442, ISO 7064 mod 97-10 over the digits, letters standing for 10 to 35. */
bool
lint_is_lei(const char *reference)
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

/* SBR 7.1.4.2.2 d: VAT numbers of Greece begin with EL. */
static bool
is_country_consistent(const char *value, const char *country)
{
	const bool vat = strncmp(value, "VAT", 3) == 0;

	return country == NULL || strncmp(value + 3, country, 2) == 0 ||
	       (vat && strncmp(value + 3, "EL", 2) == 0 && strcmp(country, "GR") == 0);
}

/* A country, or XG for schemes of the world, or a prefix of the European Union for VAT. */
static bool
is_scheme_country(const char *value, bool global)
{
	if (global)
		return strncmp(value + 3, "XG", 2) == 0;
	return lint_is_country(value + 3) || strncmp(value, "VATEL", 5) == 0;
}

/* "DER3306.HRB12345": country, register, dot, number. */
static void
lint_euid(struct lint *lint, const char *value, const char *reference)
{
	const bool euid = is_capital(reference[0]) && is_capital(reference[1]) &&
			  strchr(reference + 2, '.') != NULL;

	if (strncmp(value, "NTR", 3) != 0)
		return;
	if (!euid && strncmp(value + 3, "DE", 2) == 0)
		lint_say(lint, LINT_ORGANIZATION_IDENTIFIER_NOT_EUID,
		    "a German register number should be an EUID");
	if (euid && lint_is_country(reference) && strncmp(reference, value + 3, 2) != 0)
		lint_say(lint, LINT_ORGANIZATION_IDENTIFIER_EUID_COUNTRY,
		    "the country of the EUID is not that of the scheme");
}

static bool
lint_reference(struct lint *lint, const char *value, const char *country, const char *rest)
{
	const bool bare = strncmp(value, "GOV", 3) == 0 || strncmp(value, "INT", 3) == 0;
	const bool global = strncmp(value, "LEI", 3) == 0 || strncmp(value, "INT", 3) == 0;

	if (bare ? *rest != '\0' : *rest != '-' || rest[1] == '\0')
		return false;
	if (!is_scheme_country(value, global) || (global && value[5] == '+'))
		return false;
	if (strncmp(value, "LEI", 3) == 0 && !lint_is_lei(rest + 1))
		lint_say(
		    lint, LINT_ORGANIZATION_IDENTIFIER_LEI, "the LEI's check digits are wrong");
	if (!global && !is_country_consistent(value, country))
		lint_say(
		    lint, LINT_ORGANIZATION_IDENTIFIER_COUNTRY, "its country is not countryName");
	if (!bare)
		lint_euid(lint, value, rest + 1);
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
		lint_say(lint, LINT_ORGANIZATION_IDENTIFIER_MALFORMED,
		    "not a scheme, a country and a reference");
}
