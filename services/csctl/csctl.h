/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csctl.h: what the sub-commands of the operator's command line share.
 *
 * Exit status everywhere: 0 accept, allow or done; 1 refuse or deny; 2 could not run.
 */
#ifndef CSCTL_CSCTL_H
#define CSCTL_CSCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum exit_status { DONE = 0, REFUSED = 1, COULD_NOT_RUN = 2 };

struct command;

/* A sub-command's arguments after its own words; what is taken out of them is gone. */
struct args {
	int n;
	char **items;
	struct cs_arena *arena; /* lives as long as the command */
	const struct command *command;
};

typedef int command_fn(struct args *args);

struct command {
	const char *words; /* "ca init" */
	const char *usage; /* "--dir DIR [--algorithm p256|p384|rsa4096]" */
	const char *help;  /* one line */
	command_fn *run;
};

/* Takes "--name VALUE" out of the arguments; `fallback` when it is not there (NULL: none). */
const char *args_option(struct args *args, const char *name, const char *fallback);
/*
 * Takes "--name NUMBER" out of the arguments, from `min` to `max`; *ret stays when it is not there.
 * False: it was something else, and that was said.
 */
bool args_number(struct args *args, const char *name, uint32_t min, uint32_t max, uint32_t *ret);
/* Takes "--name" out of the arguments. */
bool args_flag(struct args *args, const char *name);
/* Takes the next argument that is no option; NULL: there is none. */
const char *args_word(struct args *args);
/* Says what is left over, if anything is; true: nothing was. */
bool args_end(const struct args *args);

/* An environment variable; says what it is for when it is missing, and returns NULL. */
const char *setting(const char *name, const char *help);
/* Prints "csctl: ..." on stderr and returns COULD_NOT_RUN. */
int could_not(const struct cs_err *err);
struct cs_span;
/* A file's octets, or those of stdin for "-"; of what is longer than `max` one octet more than that. */
CS_MUST_USE enum cs_code read_input(
    struct cs_arena *arena, const char *path, size_t max, struct cs_span *ret, struct cs_err *err);
struct json_t;
/* Prints, and lets go of, the value. */
void put_json(struct json_t *value);
/* Says how the command is used, and returns COULD_NOT_RUN. */
int usage(const struct args *args);

/* Does this line of a request's story (JSON) say that the request has ended? */
bool request_line_ends(const char *data);

struct bus;
/* Connects with CS_NATS_URL, CS_NATS_CA_FILE and CS_NATS_SEED_FILE under this client name. */
CS_MUST_USE enum cs_code connect_bus(const char *name, struct bus **ret_bus, struct cs_err *err);

/* The command that these words name; returns the process's exit status. */
int commands_run(int argc, char *argv[]);
/* Every group of commands, each ending with a row without words. */
const struct command *const *commands_groups(size_t *ret_n);

extern const struct command catalogue_commands[], provision_commands[], migrate_commands[],
    key_commands[], trust_commands[], ca_commands[], ca_step_commands[], ca_agree_commands[],
    ca_crl_commands[], request_commands[], life_commands[], domain_commands[], report_commands[],
    event_commands[], deadletter_commands[], profile_commands[], lint_commands[], check_commands[],
    answer_commands[], audit_commands[], evidence_commands[], weak_key_commands[],
    config_commands[], apply_commands[], person_commands[], login_commands[], identity_commands[];

#endif
