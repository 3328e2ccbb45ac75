/* SPDX-License-Identifier: Apache-2.0 */
#include "reasons.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY 24
#define FIVE_DAYS 120

static const struct reason reasons[] = {
	{ 0, "", true, FIVE_DAYS },
	{ 1, "keyCompromise", true, DAY },
	{ 3, "affiliationChanged", true, FIVE_DAYS },
	{ 4, "superseded", true, FIVE_DAYS },
	{ 5, "cessationOfOperation", true, FIVE_DAYS },
	{ 9, "privilegeWithdrawn", false, FIVE_DAYS },
};

#define RULE "SBR 4.9.1.1 "

static const struct ground grounds[] = {
	{ "asked-for", RULE "(1)", DAY, 0 },      /* the subscriber asks for it in writing */
	{ "not-authorised", RULE "(2)", DAY, 9 }, /* the request was never authorised */
	{ "key-compromise", RULE "(3)", DAY, 1 }, /* the private key is known to others */
	{ "weak-key", RULE "(4)", DAY,
	    1 }, /* the private key can be computed from the public one */
	{ "validation-unreliable", RULE "(5)", DAY, 4 }, /* the validation cannot be relied on */
	{ "key-below-rules", RULE "(6)", FIVE_DAYS, 4 }, /* the key no longer meets the rules */
	{ "misuse", RULE "(7)", FIVE_DAYS, 9 },          /* the certificate was misused */
	{ "breach", RULE "(8)", FIVE_DAYS, 9 },          /* the subscriber broke the agreement */
	{ "name-no-longer-theirs", RULE "(9)", FIVE_DAYS,
	    5 }, /* the mailbox or domain may no longer be used by the subscriber */
	{ "changed", RULE "(10)", FIVE_DAYS, 3 },    /* what the certificate says has changed */
	{ "mis-issued", RULE "(11)", FIVE_DAYS, 4 }, /* it was not issued by the rules */
	{ "inaccurate", RULE "(12)", FIVE_DAYS, 9 }, /* what the certificate says is not accurate */
	{ "right-ends", RULE "(13)", FIVE_DAYS, 0 }, /* the right to issue it ends */
	{ "practice-demands", RULE "(14)", FIVE_DAYS,
	    0 }, /* our own practice statement demands it */
	{ "key-made-badly", RULE "(15)", FIVE_DAYS,
	    1 }, /* the way in which the key was made is flawed */
};

/* What is not classified yet may turn out to be urgent. */
static const struct category categories[] = {
	{ "key-compromise", "key-compromise", DAY },
	{ "mis-issued", "mis-issued", FIVE_DAYS },
	{ "misuse", "misuse", FIVE_DAYS },
	{ "name-no-longer-theirs", "name-no-longer-theirs", FIVE_DAYS },
	{ "other", "", DAY },
};

const struct reason *
reason_of_code(uint32_t code)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].code == code)
			return &reasons[i];
	return NULL;
}

const struct reason *
reason_of_name(const char *name)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (strcmp(reasons[i].name, name) == 0)
			return &reasons[i];
	return NULL;
}

const struct ground *
ground_of_name(const char *name)
{
	for (size_t i = 0; i < COUNT(grounds); i++)
		if (strcmp(grounds[i].name, name) == 0)
			return &grounds[i];
	return NULL;
}

const struct category *
category_of_name(const char *name)
{
	for (size_t i = 0; i < COUNT(categories); i++)
		if (strcmp(categories[i].name, name) == 0)
			return &categories[i];
	return NULL;
}
