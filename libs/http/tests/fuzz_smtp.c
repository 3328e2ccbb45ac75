/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_smtp.c: whatever a relay replies to one mail.  It is accepted by a 250 after the data and by
 * nothing else, refused for good by a 5xx only, and what is kept of its words is printable.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "http/smtp_mail.h"
#include "tests/peer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct peer relay;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	curl_global_init(CURL_GLOBAL_DEFAULT); /* each relay's own is then cheap */
	peer_open(&relay);
	return 0;
}

static bool
said(struct cs_span replies, const char *what)
{
	return replies.len > 0 && memmem(replies.data, replies.len, what, strlen(what)) != NULL;
}

static void
check(const struct smtp_result *result, struct cs_span replies)
{
	if (result->outcome == SMTP_ACCEPTED)
		cs_assert(result->code == 250 && said(replies, "250") && said(replies, "354"));
	if (result->outcome == SMTP_PERMANENT)
		cs_assert(result->code >= 500 && result->code <= 599);
	cs_assert(strlen(result->text) < SMTP_TEXT);
	for (const char *c = result->text; *c != '\0'; c++)
		cs_assert(*c >= ' ' && *c <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cs_span replies = cs_span_of(data, size);
	char url[40];
	const struct smtp_settings settings = { .url = url, .from = "ra@ca.example" };
	struct smtp_relay *own;
	struct smtp_result result;

	if (size > PEER_MAX)
		return 0;
	(void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%u", relay.port);
	peer_says(&relay, replies, cs_span_str(NULL));
	cs_assert(smtp_relay_new(&settings, &own, NULL) == CS_OK);
	smtp_relay_mail(own, NULL, "a@b.example", cs_span_str("Subject: x\r\n\r\nx\r\n"), &result);
	smtp_relay_hang_up(own);
	smtp_relay_free(own);
	check(&result, replies);
	return 0;
}
