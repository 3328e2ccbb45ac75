/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/organization_id.h"

#include <string.h>

/* ISO 3166-1 (tzdata 2026, iso3166.tab): two letters each. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
    "DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISIT"
    "JEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ"
    "NANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ"
    "TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/* Of the union and the economic area: an EUID may stand for their registers' numbers. */
static const char euid_countries[] = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEISITLILTLULVMTNLNOPLPTROSESISK";

static bool
is_in(const char *list, const char *country)
{
	for (; *list != '\0'; list += 2)
		if (list[0] == country[0] && list[1] == country[1])
			return true;
	return false;
}

bool
smime_country_known(const char *country)
{
	return strlen(country) == 2 && (is_in(countries, country) || strcmp(country, "XX") == 0);
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ISO 17442: 18 letters and digits and two check digits; ISO 7064 mod 97-10, letters standing for 10 to 35. */
static bool
is_lei(const char *reference)
{
	unsigned rest = 0;

	if (strlen(reference) != 20 || !is_digit(reference[18]) || !is_digit(reference[19]))
		return false;
	for (const char *at = reference; *at != '\0'; at++) {
		if (is_digit(*at))
			rest = (rest * 10 + (unsigned)(*at - '0')) % 97;
		else if (is_capital(*at))
			rest = (rest * 100 + (unsigned)(*at - 'A') + 10) % 97;
		else
			return false;
	}
	return rest == 1;
}

/* As a scheme writes it: the union's prefixes for VAT differ from ISO's codes for two countries. */
struct id {
	const char *scheme;    /* three letters */
	const char *country;   /* two letters of ISO, as countryName would have them, or "XG" */
	const char *reference; /* behind "-"; NULL: none */
};

static const char *
iso_country(const char *value)
{
	if (strncmp(value, "VATEL", 5) == 0)
		return "GR";
	if (strncmp(value, "VATXI", 5) == 0)
		return "GB"; /* Northern Ireland */
	return value + 3;
}

/* "+" and one to three letters or digits of ISO 3166-2, and past them. */
static bool
skip_subdivision(const char **at)
{
	size_t n = 0;

	if (**at != '+')
		return true;
	for ((*at)++; is_capital(**at) || is_digit(**at); (*at)++)
		n++;
	return n >= 1 && n <= 3;
}

static bool
split(const char *value, struct id *ret)
{
	static const char schemes[][4] = { "NTR", "VAT", "PSD", "LEI", "GOV", "INT" };
	bool known = false;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		known |= strncmp(value, schemes[i], 3) == 0;
	if (!known || strlen(value) < 5)
		return false;
	const char *rest = value + 5;

	*ret = (struct id){ value, iso_country(value), NULL };
	if (!is_in(countries, ret->country) && strncmp(ret->country, "XG", 2) != 0)
		return false;
	if (!skip_subdivision(&rest))
		return false;
	if (*rest == '-')
		ret->reference = ++rest;
	return ret->reference != NULL ? *rest != '\0' : *rest == '\0';
}

static bool
is_scheme(const struct id *id, const char *scheme)
{
	return strncmp(id->scheme, scheme, 3) == 0;
}

/* Which schemes go without a reference, and which belong to no country. */
static bool
is_well_formed(const struct id *id)
{
	const bool bare = is_scheme(id, "GOV") || is_scheme(id, "INT");
	const bool global = is_scheme(id, "LEI") || is_scheme(id, "INT");

	if ((id->reference == NULL) != bare || (strncmp(id->country, "XG", 2) == 0) != global)
		return false;
	return !global || id->scheme[5] != '+';
}

/* "DER3306.HRB12345" of NTRDE: country, register, a point, number. */
static bool
euid_contradicts(const struct id *id)
{
	const char *r = id->reference;

	return is_scheme(id, "NTR") && is_in(euid_countries, id->country) &&
	       strchr(r, '.') != NULL && is_capital(r[0]) && is_capital(r[1]) &&
	       is_in(euid_countries, r) && strncmp(r, id->country, 2) != 0;
}

static bool
refuse(struct cs_refusal *ret, const char *code, const char *clause, const char *text)
{
	*ret = (struct cs_refusal){ code, "organizationIdentifier", clause, text,
		"correct the record of what was verified" };
	return false;
}

bool
smime_organization_id_holds(const char *value, const char *country, struct cs_refusal *ret_why)
{
	struct id id;

	if (!split(value, &id) || !is_well_formed(&id))
		return refuse(ret_why, "organization-identifier-malformed", "SBR A.1",
		    "not a scheme, a country and a reference");
	if (is_scheme(&id, "LEI"))
		return is_lei(id.reference) ||
		       refuse(ret_why, "organization-identifier-lei", "SBR A.1",
			   "no LEI, or its check digits are wrong");
	if (!is_scheme(&id, "INT") && country != NULL && strncmp(id.country, country, 2) != 0)
		return refuse(ret_why, "organization-identifier-country", "SBR 7.1.4.2.2 d",
		    "its country is not countryName");
	if (id.reference != NULL && euid_contradicts(&id))
		return refuse(ret_why, "organization-identifier-country", "SBR A.1",
		    "the country of the EUID is not that of the register");
	return true;
}
