/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define BY_DOMAIN \
	"Answer through the mail server of the mailbox's own domain, which must sign mails by DKIM."

/* 1 to `max` digits. */
static size_t
number(const char *text, size_t max)
{
	size_t n = strspn(text, DIGITS);

	return n <= max ? n : 0;
}

/* RFC 3463 2: class "." subject "." detail, of which the class is 2, 4 or 5. */
static size_t
status_len(const char *text)
{
	if (text[0] == '\0' || strchr("245", text[0]) == NULL || text[1] != '.')
		return 0;
	size_t subject = number(text + 2, 3);

	if (subject == 0 || text[2 + subject] != '.')
		return 0;
	size_t detail = number(text + 3 + subject, 3), len = 3 + subject + detail;

	return detail > 0 && (text[len] == ' ' || text[len] == '\0') ? len : 0;
}

const char *
mailbox_status_of(struct cs_arena *arena, const char *reply)
{
	/* A reply begins with its code of three digits, and a mark that tells whether more lines follow. */
	if (strspn(reply, DIGITS) != 3 || (reply[3] != ' ' && reply[3] != '-'))
		return "";
	return cs_arena_strndup(arena, reply + 4, status_len(reply + 4));
}

const char *
mailbox_mend_of(const char *reason)
{
	static const struct {
		const char *reason, *mend;
	} mends[] = {
		{ "limit", "Wait, then press Verify again." },
		{ "tokens-live", "Enter one of the tokens that were mailed." },
		{ "mx-null",
		    "The domain says that it takes no mail (RFC 7505). Publish an MX record that names "
		    "a mail server, then press Verify." },
		{ "mx-none-usable",
		    "Give the hosts that the MX records name public addresses, then press Verify." },
		{ "mx-no-such-domain",
		    "Check how the domain is written, or register it, then press Verify." },
		{ "dnssec-bogus",
		    "Mend the signatures of the zone or the DS record above it, then press Verify." },
		{ "not-mailable",
		    "Ask for a mailbox that is written in plain ASCII before the @." },
		{ "smtp-refused",
		    "Check that the mailbox exists and takes mail, then press Verify." },
		{ "bounced", "Check that the mailbox exists and takes mail, then press Verify." },
		{ "method-not-available",
		    "Ask the operator to set CS_MAIL_RETURN_DOMAIN, or choose another method." },
		{ "method-not-allowed", "Choose a method that the profile allows." },
		{ "too-late", "Press Verify to have a new token mailed." },
		{ "reply-key-unknown",
		    "Mend the zone of the key or its name servers. The mail server brings the answer "
		    "again by itself; or answer once more." },
		{ "reply-from-other", "Answer from exactly the address that is to be proved." },
		{ "reply-digest",
		    "Make the response from the newest mail, with the token of this request." },
	};
	static const struct {
		const char *family, *mend;
	} families[] = {
		{ "reply-unsigned", BY_DOMAIN },
		{ "reply-misaligned", BY_DOMAIN },
		{ "reply-not-covered", BY_DOMAIN },
		{ "dkim-key", "Publish one DKIM key of 2048 bits or Ed25519 at this name." },
		{ "dkim-no-key", "Publish one DKIM key of 2048 bits or Ed25519 at this name." },
		{ "dkim-", "Answer again, and directly: lists and forwarders change mails." },
		{ "reply-",
		    "Answer the newest mail with its mail program's reply button, in plain text, with "
		    "nothing but the response in it." },
	};

	for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++)
		if (strcmp(mends[i].reason, reason) == 0)
			return mends[i].mend;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strncmp(families[i].family, reason, strlen(families[i].family)) == 0)
			return families[i].mend;
	return "";
}
