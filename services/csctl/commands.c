/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c: finds the command by its words; --help anywhere shows help and does nothing. */
#include <stdio.h>
#include <string.h>

#include "csctl.h"

static const struct command *const groups[] = { request_commands, life_commands, domain_commands,
	report_commands, config_commands, apply_commands, person_commands, login_commands,
	identity_commands, event_commands, deadletter_commands, answer_commands, audit_commands,
	evidence_commands, check_commands, ca_commands, ca_step_commands, ca_agree_commands,
	ca_crl_commands, key_commands, weak_key_commands, profile_commands, lint_commands,
	trust_commands, migrate_commands, provision_commands, catalogue_commands };

#define COLUMNS 96
#define INDENT 13 /* of what does not fit into a line of usage */
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

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

/* The length of the next part that stays on one line: a word, or what is in brackets, with what follows. */
static size_t
part_len(const char *text)
{
	size_t len = 0;
	int depth = 0;

	for (; text[len] != '\0' && (text[len] != ' ' || depth > 0); len++)
		depth += (text[len] == '[') - (text[len] == ']');
	return len;
}

static void
print_usage(FILE *out, const struct command *command, const char *before)
{
	int column = fprintf(out, "%scsctl %s", before, command->words);
	const char *at = command->usage;

	while (*at != '\0') {
		size_t len = part_len(at);

		if (column + 1 + (int)len > COLUMNS)
			column = fprintf(out, "\n%*s", INDENT, "");
		column += fprintf(out, " %.*s", (int)len, at);
		at += len + (at[len] == ' ');
	}
	(void)fputc('\n', out);
}

/* All commands, or those whose first word is `word`.  Returns how many. */
static int
print_help(FILE *out, const char *word)
{
	int n = 0;

	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct command *c = groups[g]; c->words != NULL; c++) {
			size_t len = strcspn(c->words, " ");

			if (word != NULL &&
			    (strlen(word) != len || strncmp(c->words, word, len) != 0))
				continue;
			print_usage(out, c, "  ");
			(void)fprintf(out, "      %s\n", c->help);
			n++;
		}
	}
	return n;
}

static void
print_all_help(FILE *out)
{
	(void)fprintf(out, "csctl: the operator's command line of Countersign\n\n");
	(void)print_help(out, NULL);
	(void)fprintf(out, "\nExit status: 0 accepted or done, 1 refused, 2 could not run.\n");
}

static int
run(const struct command *command, int argc, char **argv)
{
	struct args args = {
		.n = argc, .items = argv, .arena = cs_arena_new(), .command = command
	};
	int status;

	if (args_flag(&args, "--help")) {
		print_usage(stdout, command, "usage: ");
		(void)puts(command->help);
		status = DONE;
	} else {
		status = command->run(&args);
	}
	cs_arena_free(args.arena);
	return status;
}

/* The words name no command: those of the group, or all. */
static int
run_none(int argc, char **argv)
{
	bool asked = false;

	for (int i = 0; i < argc; i++)
		asked |= strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "help") == 0;
	if (argc == 0 || (asked && print_help(stdout, argv[0]) == 0))
		print_all_help(stdout);
	if (argc == 0 || asked)
		return DONE;
	(void)fprintf(stderr, "csctl: no command \"%s\"; those there are:\n", argv[0]);
	if (print_help(stderr, argv[0]) == 0)
		(void)print_help(stderr, NULL);
	return COULD_NOT_RUN;
}

int
commands_run(int argc, char *argv[])
{
	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct command *c = groups[g]; c->words != NULL; c++) {
			int n = matches(c, argc, argv);

			if (n > 0)
				return run(c, argc - n, argv + n);
		}
	}
	return run_none(argc, argv);
}

const struct command *const *
commands_groups(size_t *ret_n)
{
	*ret_n = GROUPS;
	return groups;
}
