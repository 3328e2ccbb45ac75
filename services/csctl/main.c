/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: finds the sub-command by its words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/bus.h"
#include "csctl.h"

static const struct command *const groups[] = { request_commands, event_commands,
	deadletter_commands, check_commands, ca_commands, key_commands, migrate_commands,
	provision_commands, catalogue_commands };

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

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
fail(const struct cs_err *err)
{
	(void)fprintf(stderr, "csctl: %s\n", err->text);
	return COULD_NOT_RUN;
}

int
usage(const char *text)
{
	(void)fprintf(stderr, "usage: csctl %s\n", text);
	return COULD_NOT_RUN;
}

enum cs_code
connect_bus(const char *name, struct bus **ret_bus, struct cs_err *err)
{
	const struct bus_settings settings = { .urls = setting("CS_NATS_URL", "tls://host:4222"),
		.ca_file = setting("CS_NATS_CA_FILE", "PEM of the CA of the NATS servers"),
		.seed_file =
		    setting("CS_NATS_SEED_FILE", "nkey: the seed and the public key, a line each"),
		.name = name };

	if (settings.urls == NULL || settings.ca_file == NULL || settings.seed_file == NULL)
		return cs_fail(err, CS_MALFORMED, "not all settings of the bus are there");
	return bus_open(&settings, ret_bus, err);
}

/* How many of argv's words this command's words are; 0: it is another command. */
static int
matches(const struct command *command, int argc, char **argv)
{
	const char *at = command->words;
	int n = 0;

	while (*at != '\0') {
		size_t len = strcspn(at, " ");

		if (n >= argc || strlen(argv[n]) != len || strncmp(argv[n], at, len) != 0)
			return 0;
		at += len + (at[len] == ' ');
		n++;
	}
	return n;
}

/* All commands, or those whose first word is `word`.  Returns how many. */
static int
print_help(FILE *out, const char *word)
{
	int n = 0;

	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct command *c = groups[g]; c->words != NULL; c++) {
			if (word != NULL && strncmp(c->words, word, strlen(word)) != 0)
				continue;
			(void)fprintf(
			    out, "  csctl %s %s\n      %s\n", c->words, c->usage, c->help);
			n++;
		}
	}
	return n;
}

static int
run(const struct command *command, int skip, int argc, char **argv)
{
	struct args args = { .n = argc - skip, .items = argv + skip, .arena = cs_arena_new() };
	int status;

	if (args_flag(&args, "--help")) {
		(void)printf(
		    "usage: csctl %s %s\n%s\n", command->words, command->usage, command->help);
		status = DONE;
	} else {
		status = command->run(&args);
	}
	cs_arena_free(args.arena);
	return status;
}

int
main(int argc, char *argv[])
{
	const char *word = argc > 1 ? argv[1] : "--help";

	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct command *c = groups[g]; c->words != NULL; c++) {
			int n = matches(c, argc - 1, argv + 1);

			if (n > 0)
				return run(c, n, argc - 1, argv + 1);
		}
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
		(void)printf("csctl: the operator's command line of Countersign\n\n");
		(void)print_help(stdout, NULL);
		(void)printf("\nExit status: 0 accepted or done, 1 refused, 2 could not run.\n");
		return DONE;
	}
	(void)fprintf(stderr, "csctl: no command \"%s\"; those there are:\n", word);
	if (print_help(stderr, word) == 0)
		(void)print_help(stderr, NULL);
	return COULD_NOT_RUN;
}
