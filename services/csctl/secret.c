/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"

/* Octet by octet: what stands behind the line is for whoever reads next. */
static bool
read_line(char *text, size_t size)
{
	size_t len = 0;

	while (read(STDIN_FILENO, text + len, 1) == 1 && text[len] != '\n')
		if (++len == size)
			return false;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	text[len] = '\0';
	return len > 0;
}

/* The terminal is as it was afterwards, also after Ctrl-C, which waits for the end of the line. */
static bool
read_unseen(char *text, size_t size)
{
	struct termios was, unseen;
	sigset_t signals, before;

	if (tcgetattr(STDIN_FILENO, &was) != 0)
		return read_line(text, size);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	unseen = was;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	const bool good = read_line(text, size);

	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	(void)fputc('\n', stderr);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return good;
}

bool
secret_read(const char *prompt, char ret_text[static SECRET_MAX])
{
	if (isatty(STDIN_FILENO))
		(void)fprintf(stderr, "%s: ", prompt);
	const bool good = read_unseen(ret_text, SECRET_MAX) && cs_utf8_valid(cs_span_str(ret_text));

	if (good)
		return true;
	explicit_bzero(ret_text, SECRET_MAX);
	(void)fprintf(stderr, "csctl: %s: a line of text is wanted, of at most %d octets\n", prompt,
	    SECRET_MAX - 1);
	return false;
}
