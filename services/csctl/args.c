/* SPDX-License-Identifier: Apache-2.0 */
/* args.c: words and options of a command line, and how a command says that it could not run. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csctl.h"

const char *
args_option(struct args *args, const char *name, const char *fallback)
{
	for (int i = 0; i + 1 < args->n; i++) {
		const char *value = args->items[i + 1];

		if (strcmp(args->items[i], name) != 0)
			continue;
		for (int k = i; k + 2 < args->n; k++)
			args->items[k] = args->items[k + 2];
		args->n -= 2;
		return value;
	}
	return fallback;
}

bool
args_number(struct args *args, const char *name, uint32_t min, uint32_t max, uint32_t *ret)
{
	const char *text = args_option(args, name, NULL);
	unsigned long value;
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value < min ||
	    value > max) {
		(void)fprintf(stderr, "csctl: %s wants a number from %u to %u\n", name, min, max);
		return false;
	}
	*ret = (uint32_t)value;
	return true;
}

bool
args_flag(struct args *args, const char *name)
{
	for (int i = 0; i < args->n; i++) {
		if (strcmp(args->items[i], name) != 0)
			continue;
		for (int k = i; k + 1 < args->n; k++)
			args->items[k] = args->items[k + 1];
		args->n--;
		return true;
	}
	return false;
}

const char *
args_word(struct args *args)
{
	for (int i = 0; i < args->n; i++) {
		char *word = args->items[i];

		if (word[0] == '-' && word[1] == '-')
			continue;
		for (int k = i; k + 1 < args->n; k++)
			args->items[k] = args->items[k + 1];
		args->n--;
		return word;
	}
	return NULL;
}

bool
args_end(const struct args *args)
{
	if (args->n == 0)
		return true;
	(void)fprintf(stderr, "csctl: \"%s\" is not understood here\n", args->items[0]);
	return false;
}

const char *
setting(const char *name, const char *help)
{
	const char *value = getenv(name);

	if (value == NULL || value[0] == '\0') {
		(void)fprintf(stderr, "csctl: %s is not set (%s)\n", name, help);
		return NULL;
	}
	return value;
}

int
could_not(const struct cs_err *err)
{
	(void)fprintf(stderr, "csctl: %s\n", err->text);
	return COULD_NOT_RUN;
}

void
put_json(json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	(void)puts(text);
	free(text);
	json_decref(value);
}

int
usage(const struct args *args)
{
	(void)fprintf(stderr, "usage: csctl %s %s\n", args->command->words, args->command->usage);
	return COULD_NOT_RUN;
}
