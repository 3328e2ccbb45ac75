/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says what smime_address_parse() makes of each line: octets in hexadecimal come in, "yes" with the
 * canonical form and what it is certified as, or "no", goes out.  differential.py asks and compares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/text.h"
#include "smime/address.h"

static uint8_t
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	cs_assert(at != NULL);
	return (uint8_t)(at - digits);
}

static struct cs_span
octets_of(struct cs_arena *arena, const char *hex, size_t len)
{
	uint8_t *octets = cs_arena_alloc(arena, len / 2 + 1);

	for (size_t i = 0; i < len / 2; i++)
		octets[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return cs_span_of(octets, len / 2);
}

static void
answer(const char *hex, size_t len)
{
	struct cs_arena *arena = cs_arena_new();
	struct smime_address address;
	struct cs_refusal why;

	if (smime_address_parse(arena, octets_of(arena, hex, len), &address, &why))
		printf("yes %s %s\n", cs_hex(arena, cs_span_str(address.canonical)),
		    address.utf8_local ? "SmtpUTF8Mailbox" : "rfc822Name");
	else
		puts("no");
	cs_arena_free(arena);
}

int
main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0)
		answer(line, (size_t)len - (line[len - 1] == '\n'));
	free(line);
	return ferror(stdin) || fflush(stdout) != 0;
}
