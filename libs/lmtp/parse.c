/* SPDX-License-Identifier: Apache-2.0 */
#include "lmtp/parse.h"

#include <string.h>

#include "base/text.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool
take(struct cs_span *rest, const char *word)
{
	const size_t len = strlen(word);

	if (rest->len < len || !cs_span_is_nocase((struct cs_span){ rest->data, len }, word))
		return false;
	*rest = (struct cs_span){ rest->data + len, rest->len - len };
	return true;
}

/* The word up to the next blank, and the blanks. */
static struct cs_span
take_word(struct cs_span *rest)
{
	struct cs_span word = { rest->data, 0 };

	if (rest->len == 0)
		return word;
	while (word.len < rest->len && rest->data[word.len] != ' ')
		word.len++;
	size_t used = word.len;

	while (used < rest->len && rest->data[used] == ' ')
		used++;
	*rest = (struct cs_span){ rest->data + used, rest->len - used };
	return word;
}

/* "<...>": no route, no quoted '>', visible octets. */
static bool
take_path(struct cs_span *rest, char ret_address[static LMTP_ADDRESS_MAX + 1])
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->data, '>', rest->len) : NULL;

	if (end == NULL || rest->data[0] != '<')
		return false;
	const struct cs_span address = { rest->data + 1, (size_t)(end - rest->data) - 1 };

	if (address.len > LMTP_ADDRESS_MAX || (address.len > 0 && address.data[0] == '@') ||
	    !cs_utf8_valid(address))
		return false;
	for (size_t i = 0; i < address.len; i++)
		if (address.data[i] <= ' ' || address.data[i] == 0x7f || address.data[i] == '<')
			return false;
	if (address.len > 0)
		memcpy(ret_address, address.data, address.len);
	ret_address[address.len] = '\0';
	*rest = (struct cs_span){ end + 1, rest->len - address.len - 2 };
	return rest->len == 0 || rest->data[0] == ' ';
}

static bool
read_size(struct cs_span digits, uint64_t *ret_size)
{
	uint64_t size = 0;

	if (digits.len == 0 || digits.len > 15)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		size = size * 10 + (digits.data[i] - '0');
	}
	*ret_size = size;
	return true;
}

static const char *
read_parameters(struct cs_span rest, struct lmtp_command *command)
{
	uint64_t size;

	while (rest.len > 0 && rest.data[0] == ' ')
		rest = (struct cs_span){ rest.data + 1, rest.len - 1 };
	while (rest.len > 0) {
		struct cs_span word = take_word(&rest);

		if (cs_span_is_nocase(word, "SMTPUTF8"))
			command->utf8 = true;
		else if (take(&word, "SIZE=")) {
			if (!read_size(word, &size))
				return "501 5.5.4 SIZE is no number";
			if (size > LMTP_MAIL_MAX)
				return "552 5.3.4 The mail is too large";
		} else if (!cs_span_is_nocase(word, "BODY=7BIT") &&
			   !cs_span_is_nocase(word, "BODY=8BITMIME"))
			return "555 5.5.4 This parameter is not known";
	}
	return NULL;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text >= 0x80)
			return false;
	return true;
}

static const char *
read_mail(struct cs_span rest, struct lmtp_command *command)
{
	if (!take(&rest, "FROM:") || !take_path(&rest, command->address))
		return "501 5.1.7 MAIL FROM:<address> is what is expected";
	const char *wrong = read_parameters(rest, command);

	if (wrong == NULL && !command->utf8 && !is_ascii(command->address))
		return "553 5.6.7 Such an address needs SMTPUTF8";
	return wrong;
}

static const char *
read_rcpt(struct cs_span rest, struct lmtp_command *command)
{
	if (!take(&rest, "TO:") || !take_path(&rest, command->address))
		return "501 5.1.3 RCPT TO:<address> is what is expected";
	if (rest.len > 0)
		return "555 5.5.4 This parameter is not known";
	return lmtp_recipient_valid(command->address) ? NULL
						      : "550 5.1.3 No recipient is like this";
}

static const char *
read_lhlo(struct cs_span rest, struct lmtp_command *command)
{
	(void)command;
	return rest.len > 0 ? NULL : "501 5.5.4 LHLO needs a name";
}

static const char *
read_nothing(struct cs_span rest, struct lmtp_command *command)
{
	(void)command;
	return rest.len == 0 ? NULL : "501 5.5.4 Nothing is expected after this command";
}

static const char *
read_anything(struct cs_span rest, struct lmtp_command *command)
{
	(void)rest;
	(void)command;
	return NULL;
}

static const struct {
	const char *name;
	enum lmtp_verb verb;
	const char *(*read)(struct cs_span rest, struct lmtp_command *command);
} verbs[] = {
	{ "LHLO", LMTP_LHLO, read_lhlo },
	{ "MAIL", LMTP_MAIL, read_mail },
	{ "RCPT", LMTP_RCPT, read_rcpt },
	{ "DATA", LMTP_DATA, read_nothing },
	{ "RSET", LMTP_RSET, read_nothing },
	{ "NOOP", LMTP_NOOP, read_anything },
	{ "QUIT", LMTP_QUIT, read_nothing },
};

void
lmtp_command_read(struct cs_span line, struct lmtp_command *ret_command)
{
	struct cs_span rest = line;
	const struct cs_span word = take_word(&rest);
	struct lmtp_command command = { .verb = LMTP_WRONG };

	/* RFC 2033 4.1: HELO and EHLO must not be taken. */
	command.reply =
	    "500 5.5.1 LHLO, MAIL, RCPT, DATA, RSET, NOOP and QUIT are what is spoken here";
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!cs_span_is_nocase(word, verbs[i].name))
			continue;
		command.reply = verbs[i].read(rest, &command);
		if (command.reply == NULL)
			command.verb = verbs[i].verb;
	}
	*ret_command = command;
}

/* ---- recipients ---- */

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Dots stand alone between atoms. */
static bool
is_local(const char *text, size_t len)
{
	if (len == 0 || len > LOCAL_MAX || text[0] == '.' || text[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((!is_alnum(text[i]) && memchr("!#$%&'*+-/=?^_`{|}~.", text[i], 20) == NULL) ||
		    (text[i] == '.' && text[i + 1] == '.'))
			return false;
	return true;
}

static bool
is_host(const char *text)
{
	size_t label = 0;

	for (; *text != '\0'; text++) {
		if (*text != '.' && !is_alnum(*text) && *text != '-')
			return false;
		if (*text == '.' && label == 0)
			return false;
		label = *text == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return label > 0;
}

bool
lmtp_recipient_valid(const char *address)
{
	const char *at = strchr(address, '@');

	return at != NULL && strlen(address) <= LMTP_ADDRESS_MAX &&
	       is_local(address, (size_t)(at - address)) && is_host(at + 1);
}

/* ---- mails ---- */

static void
find_bad(struct lmtp_data *data, const char *why)
{
	if (data->bad == NULL)
		data->bad = why;
}

static void
put(struct lmtp_data *data, uint8_t octet, uint8_t *out, size_t *len)
{
	if (octet == '\0')
		find_bad(data, "554 5.6.0 The mail has a NUL in it");
	if (data->len == LMTP_MAIL_MAX)
		find_bad(data, "552 5.3.4 The mail is too large");
	if (data->bad != NULL)
		return;
	data->len++;
	out[(*len)++] = octet;
}

/* An octet that is neither held back nor the end. */
static void
take_text(struct lmtp_data *data, uint8_t octet, uint8_t *out, size_t *len)
{
	if (octet == '\n')
		find_bad(data, "554 5.6.0 The mail has a line feed without its carriage return");
	put(data, octet, out, len);
	data->state = LMTP_IN_LINE;
}

static void
take_after_cr(struct lmtp_data *data, uint8_t octet, uint8_t *out, size_t *len)
{
	if (octet != '\n')
		find_bad(data, "554 5.6.0 The mail has a carriage return without its line feed");
	put(data, '\r', out, len);
	put(data, octet, out, len);
	data->state = octet == '\n' ? LMTP_AT_START : octet == '\r' ? LMTP_AFTER_CR : LMTP_IN_LINE;
	if (octet == '\n')
		data->line = 0;
}

static void
step(struct lmtp_data *data, uint8_t octet, uint8_t *out, size_t *len)
{
	if (++data->line > LMTP_LINE_MAX)
		find_bad(data, "554 5.6.0 The mail has a line that is too long");
	if (data->state == LMTP_AFTER_CR) {
		take_after_cr(data, octet, out, len);
	} else if (data->state == LMTP_AFTER_DOT_CR) {
		if (octet == '\n')
			data->state = LMTP_ENDED;
		else
			take_after_cr(data, octet, out, len);
	} else if (data->state == LMTP_AT_START && octet == '.') {
		data->state = LMTP_AFTER_DOT;
	} else if (octet == '\r') {
		data->state = data->state == LMTP_AFTER_DOT ? LMTP_AFTER_DOT_CR : LMTP_AFTER_CR;
	} else {
		take_text(data, octet, out, len); /* RFC 5321 4.5.2: the first dot is dropped */
	}
}

size_t
lmtp_data_take(struct lmtp_data *data, const uint8_t *in, size_t len, uint8_t *out, size_t *ret_len)
{
	size_t used = 0;

	*ret_len = 0;
	while (used < len && data->state != LMTP_ENDED)
		step(data, in[used++], out, ret_len);
	data->seen += used;
	return used;
}
