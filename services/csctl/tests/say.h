/* SPDX-License-Identifier: Apache-2.0 */
/* say.h: a command line as a person gives it, with what it prints and how it ends. */
#ifndef CSCTL_TESTS_SAY_H
#define CSCTL_TESTS_SAY_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../csctl.h"
#include "base/err.h"

struct said {
	char text[32768]; /* stdout and stderr, as they come */
	int status;
};

/* `input`: what stdin holds, NULL: what it held before. */
static inline struct said *
say_with(struct said *said, const char *input, const char *words)
{
	char copy[256], *rest = copy, *argv[24], *word;
	FILE *file = tmpfile(), *in = tmpfile();
	int before[] = { dup(STDIN_FILENO), dup(STDOUT_FILENO), dup(STDERR_FILENO) }, argc = 0;

	cs_assert(file != NULL && in != NULL && strlen(words) < sizeof(copy));
	(void)snprintf(copy, sizeof(copy), "%s", words);
	while (copy[0] != '\0' && (word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	if (input != NULL) {
		(void)fputs(input, in);
		(void)fflush(in);
		(void)lseek(fileno(in), 0, SEEK_SET);
		(void)dup2(fileno(in), STDIN_FILENO);
	}
	(void)fflush(stdout);
	(void)dup2(fileno(file), STDOUT_FILENO);
	(void)dup2(fileno(file), STDERR_FILENO);
	said->status = commands_run(argc, argv);
	(void)fflush(stdout);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		(void)dup2(before[fd], fd);
		(void)close(before[fd]);
	}
	ssize_t n = pread(fileno(file), said->text, sizeof(said->text) - 1, 0);

	said->text[n < 0 ? 0 : n] = '\0';
	(void)fclose(file);
	(void)fclose(in);
	return said;
}

static inline struct said *
say(struct said *said, const char *words)
{
	return say_with(said, NULL, words);
}

#endif
