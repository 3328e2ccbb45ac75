/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include <string.h>

#define DIFFERENT_MIN 5 /* characters */
#define NAME_MIN 3      /* a shorter name is in too many words to count */
#define OWN_MIN 8       /* octets that are left when the names are taken out */

extern const char
    common_passwords[]; /* generated from passwords/: one a line, "#" begins a comment */

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *text, const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = code,
				      .field = "new_password",
				      .clause = "SP 800-63B 5.1.1.2",
				      .text = text,
				      .mend = mend });
}

/* Characters of valid UTF-8. */
static size_t
length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* ---- what others try first ---- */

/* ASCII letters only: what is beyond them is rare enough. */
static char *
lower(struct cs_arena *arena, const char *text)
{
	char *copy = cs_arena_strdup(arena, text);

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	return copy;
}

static bool
is_listed(const char *word, size_t len)
{
	const char *line = common_passwords;

	while (*line) {
		size_t n = strcspn(line, "\n");

		if (n == len && line[0] != '#' && memcmp(line, word, len) == 0)
			return true;
		line += n + (line[n] == '\n');
	}
	return false;
}

/* "Password2026!!" is "password" for whoever guesses: so is the word without what stands around it. */
static bool
is_common(const char *password)
{
	static const char around[] = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ";
	const char *word = password + strspn(password, around);
	size_t len = strlen(word);

	while (len > 0 && strchr(around, word[len - 1]))
		len--;
	return is_listed(password, strlen(password)) || (len > 0 && is_listed(word, len));
}

/* "abababababab": of characters, so the first octet of each and what follows it. */
static bool
is_monotonous(const char *password)
{
	bool seen[256] = { false };
	size_t different = 0;

	for (; *password; password++) {
		different += !seen[(unsigned char)*password];
		seen[(unsigned char)*password] = true;
	}
	return different < DIFFERENT_MIN;
}

/* "abcdefghijkl", "210987654321": each octet is the neighbour of the one before. */
static bool
is_sequence(const char *password)
{
	bool up = true, down = true;

	for (; password[0] && password[1]; password++) {
		up = up &&
		     (password[1] == password[0] + 1 || (password[0] == '9' && password[1] == '0'));
		down = down && (password[1] == password[0] - 1 ||
				   (password[0] == '0' && password[1] == '9'));
	}
	return up || down;
}

/* Takes every `name` out of `text`, in place; also one that only then comes to be. */
static void
take_out(char *text, const char *name)
{
	const size_t len = strlen(name);
	char *at;

	while (len >= NAME_MIN && (at = strstr(text, name)) != NULL)
		memmove(at, at + len, strlen(at + len) + 1);
}

static bool
is_of_names(
    struct cs_arena *arena, const char *password, const char *enterprise, const char *account)
{
	char *rest = lower(arena, password);

	take_out(rest, lower(arena, account));
	take_out(rest, lower(arena, enterprise));
	return strlen(rest) < OWN_MIN;
}

bool
password_good(struct cs_arena *arena, const char *password, const char *enterprise,
    const char *account, struct cs_refusal *ret_why)
{
	const size_t n = length(password);
	const char *folded = lower(arena, password);

	if (n < PASSWORD_MIN)
		return refuse(ret_why, "password-short", "A password has at least 12 characters.",
		    "Take several words that do not belong together.");
	if (n > PASSWORD_MAX)
		return refuse(ret_why, "password-long", "A password has at most 128 characters.",
		    "Take fewer words.");
	if (has_control(password))
		return refuse(ret_why, "password-characters",
		    "A password has no control characters in it.",
		    "Take characters that a keyboard can type in one line.");
	if (is_common(folded) || is_monotonous(password) || is_sequence(folded))
		return refuse(ret_why, "password-common",
		    "This password is one of those that others try first.",
		    "Take several words that do not belong together.");
	if (is_of_names(arena, password, enterprise, account))
		return refuse(ret_why, "password-name",
		    "This password is made of the name of the account or the enterprise.",
		    "Take words that do not name you.");
	return true;
}
