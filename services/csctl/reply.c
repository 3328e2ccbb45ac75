/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c: makes the answer to a mail that wants one (RFC 8823 3.2), from part 1 of the token in that mail
 * and what the API tells whose request it is.  To be sent by the owner's own mail program, which signs it.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "base/text.h"
#include "reply/challenge.h"
#include "reply/fields.h"

#define MAIL_MAX 65536

/* The value of a header field as one line, NULL: it is not there.  Only the header is looked at. */
static const char *
field_of(struct cs_arena *arena, const char *mail, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = mail;
	     line != NULL && *line != '\0' && *line != '\r' && *line != '\n';) {
		const char *end = strchr(line, '\n');

		while (end != NULL && (end[1] == ' ' || end[1] == '\t'))
			end = strchr(end + 1, '\n');
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1;
			const struct cs_span folded = cs_span_of((const uint8_t *)value,
			    end == NULL ? strlen(value) : (size_t)(end - value));
			struct cs_span text;

			if (!reply_decode(arena, reply_unfold(arena, folded), &text))
				return NULL;
			return cs_arena_strndup(arena, (const char *)text.data, text.len);
		}
		line = end == NULL ? NULL : end + 1;
	}
	return NULL;
}

/* What follows "ACME:" in the subject, without white space; "": there is none. */
static const char *
part1_of(struct cs_arena *arena, const char *mail)
{
	const char *subject = field_of(arena, mail, "Subject");
	const char *mark = subject == NULL ? NULL : strstr(subject, "ACME:");
	char *part1 = cs_arena_strdup(arena, mark == NULL ? "" : mark + strlen("ACME:"));
	size_t n = 0;

	for (const char *c = part1; *c != '\0'; c++)
		if (*c != ' ' && *c != '\t')
			part1[n++] = *c;
	part1[n] = '\0';
	return part1;
}

static int
print_answer(struct cs_arena *arena, const char *mail, const char *part2, const char *thumbprint)
{
	const char *part1 = part1_of(arena, mail);
	const char *to = field_of(arena, mail, "Reply-To");
	const char *id = field_of(arena, mail, "Message-ID");
	uint8_t digest[REPLY_DIGEST];
	struct cs_err err;

	if (!reply_part1_valid(part1) || to == NULL || id == NULL) {
		(void)fprintf(stderr, "csctl: this mail is none that wants an answer\n");
		return COULD_NOT_RUN;
	}
	if (reply_digest(part1, part2, thumbprint, digest, &err))
		return could_not(&err);
	(void)printf("To: %s\nSubject: Re: ACME: %s\nIn-Reply-To: %s\n\n", to, part1, id);
	const char *block = reply_block(arena, digest);

	for (const char *c = block; *c != '\0'; c++)
		if (*c != '\r')
			(void)putchar(*c);
	return DONE;
}

static int
answer(struct cs_arena *arena, const char *mail, struct cs_span body)
{
	json_t *value = json_loadb((const char *)body.data, body.len, 0, NULL);
	const char *part2 = json_string_value(json_object_get(value, "token"));
	const char *thumbprint = json_string_value(json_object_get(value, "thumbprint"));
	int status = COULD_NOT_RUN;

	if (part2 == NULL || thumbprint == NULL)
		(void)fprintf(stderr, "csctl: the API said something else than was asked\n");
	else
		status = print_answer(arena, mail, part2, thumbprint);
	json_decref(value);
	return status;
}

int
reply_run(struct args *args)
{
	const char *check = args_option(args, "--check", NULL), *id = args_word(args);
	char *mail = cs_arena_alloc(args->arena, MAIL_MAX);
	struct cs_span body;
	struct cs_err err;
	struct api api;
	long status = 0;

	if (check == NULL || id == NULL || !args_end(args))
		return usage(args);
	mail[fread(mail, 1, MAIL_MAX - 1, stdin)] = '\0';
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_url(&api, cs_arena_printf(args->arena, "/%s/checks/%s/reply",
					 cs_percent_encode(args->arena, id),
					 cs_percent_encode(args->arena, check))) };
	int result;

	if (http_client_call(api.client, &how, args->arena, &status, &body, &err))
		result = could_not(&err);
	else if (status != 200)
		result = api_problem(status, body);
	else
		result = answer(args->arena, mail, body);
	http_client_free(api.client);
	return result;
}
