/* SPDX-License-Identifier: Apache-2.0 */
#include "http/smtp_mail.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "http/address.h"

#define LINE_MAX_OCTETS 998 /* RFC 5321 4.5.3.1.6 without CRLF */
#define REPLY_LINE_MAX 2048 /* of a relay; RFC 5321 says 512 */
#define REPLY_LINES_MAX 100
#define SECRET_MAX 1024

struct smtp_relay {
	CURL *easy; /* keeps the connection between mails */
	char *url, *from, *ca_file;
	char *user, *password; /* NULL: no authentication */
	bool starttls, public_only;
	int64_t connect_ms, reply_ms, whole_ms;
	atomic_bool stopping;
};

/* One mail on its way. */
struct exchange {
	struct cs_span rest;  /* still to be sent */
	bool sent;            /* curl knows the end of the data: the relay may have accepted it */
	bool replied_to_data; /* a whole reply came after that */
	int code;             /* of the last reply */
	unsigned reply_lines; /* of the reply that is arriving */
	char text[SMTP_TEXT];
};

/* ---- What may be sent ---- */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
local_part_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool dot = text[i] == '.';

		if (dot && (i == 0 || i + 1 == len || text[i + 1] == '.'))
			return false;
		if (!dot && !is_alnum(text[i]) && strchr("!#$%&'*+-/=?^_`{|}~", text[i]) == NULL)
			return false;
	}
	return len >= 1 && len <= 64;
}

static bool
host_valid(const char *text, size_t len)
{
	for (size_t i = 0, start = 0; i <= len; i++) {
		if (i < len && text[i] != '.') {
			if (!is_alnum(text[i]) && text[i] != '-')
				return false;
			continue;
		}
		if (i == start || i - start > 63 || text[start] == '-' || text[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return len >= 1 && len <= 253;
}

bool
smtp_address_valid(const char *address)
{
	const char *at = strchr(address, '@');

	return at != NULL && local_part_valid(address, (size_t)(at - address)) &&
	       host_valid(at + 1, strlen(at + 1)) && strlen(address) <= 254;
}

static bool
line_valid(const uint8_t *line, size_t len)
{
	return len <= LINE_MAX_OCTETS && memchr(line, '\r', len) == NULL &&
	       memchr(line, '\0', len) == NULL;
}

bool
smtp_message_valid(struct cs_span message)
{
	struct cs_span rest = message;

	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);

		if (end == NULL || end == rest.data || end[-1] != '\r')
			return false;
		size_t len = (size_t)(end - rest.data);

		if (!line_valid(rest.data, len - 1))
			return false;
		rest.data += len + 1;
		rest.len -= len + 1;
	}
	return message.len > 0;
}

/* ---- Settings ---- */

static char *
copy(const char *text)
{
	char *copied = text != NULL ? strdup(text) : NULL;

	cs_assert(text == NULL || copied != NULL);
	return copied;
}

/* "smtp://host", "smtps://[::1]:465"; the path that curl takes for our EHLO name is added here. */
static bool
url_valid(const char *url)
{
	size_t scheme = strncmp(url, "smtp://", 7) == 0    ? 7
			: strncmp(url, "smtps://", 8) == 0 ? 8
							   : 0;
	const char *host = url + scheme;
	size_t len = strcspn(host, ":");

	if (host[0] == '[')
		len = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") + 1;
	if (scheme == 0 || len > strlen(host) ||
	    !(host[0] == '[' ? host[len - 1] == ']' : host_valid(host, len)))
		return false;
	const char *port = host + len;
	size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;

	return *port == '\0' || (digits >= 1 && digits <= 5 && port[1 + digits] == '\0');
}

static bool
secret_valid(const char *secret)
{
	const size_t len = strlen(secret);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)secret[i] < 0x20 || secret[i] == 0x7f)
			return false;
	return len > 0 && len <= SECRET_MAX;
}

/* The first line of a file, which must be its only one. */
static enum cs_code
read_secret(const char *path, char **ret_secret, struct cs_err *err)
{
	char line[SECRET_MAX + 2] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return cs_fail(err, CS_MALFORMED, "smtp: %s: %s", path, strerror(errno));
	size_t len = fread(line, 1, sizeof(line) - 1, file);

	fclose(file);
	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	const bool good = strlen(line) == len && secret_valid(line);

	if (good)
		*ret_secret = copy(line);
	explicit_bzero(line, sizeof(line));
	return good ? CS_OK : cs_fail(err, CS_MALFORMED, "smtp: %s: not one line of text", path);
}

static enum cs_code
check(const struct smtp_settings *settings, struct cs_err *err)
{
	if (settings->url == NULL || !url_valid(settings->url))
		return cs_fail(err, CS_MALFORMED, "smtp: the URL is not smtp[s]://host[:port]");
	if (settings->from == NULL ||
	    (*settings->from != '\0' && !smtp_address_valid(settings->from)))
		return cs_fail(err, CS_MALFORMED, "smtp: the sender is not an address");
	if (settings->helo != NULL && !host_valid(settings->helo, strlen(settings->helo)))
		return cs_fail(err, CS_MALFORMED, "smtp: our name is not a host name");
	if ((settings->user_file == NULL) != (settings->password_file == NULL))
		return cs_fail(err, CS_MALFORMED, "smtp: user and password belong together");
	if ((settings->user == NULL) != (settings->password == NULL) ||
	    (settings->user != NULL &&
		(settings->user_file != NULL || !secret_valid(settings->user) ||
		    !secret_valid(settings->password))))
		return cs_fail(err, CS_MALFORMED, "smtp: user and password are not lines of text");
	if ((settings->user_file != NULL || settings->user != NULL) && !settings->starttls &&
	    strncmp(settings->url, "smtps:", 6) != 0)
		return cs_fail(err, CS_MALFORMED, "smtp: a password is sent over TLS only");
	return CS_OK;
}

static enum cs_code
read_secrets(struct smtp_relay *relay, const struct smtp_settings *settings, struct cs_err *err)
{
	if (settings->user != NULL) {
		relay->user = copy(settings->user);
		relay->password = copy(settings->password);
	}
	if (settings->user_file == NULL)
		return CS_OK;
	if (read_secret(settings->user_file, &relay->user, err) != CS_OK)
		return CS_MALFORMED;
	return read_secret(settings->password_file, &relay->password, err);
}

static char *
url_with_name(const struct smtp_settings *settings)
{
	char *url;

	cs_assert(asprintf(&url, "%s/%s", settings->url,
		      settings->helo != NULL ? settings->helo : "") > 0);
	return url;
}

enum cs_code
smtp_relay_new(
    const struct smtp_settings *settings, struct smtp_relay **ret_relay, struct cs_err *err)
{
	if (check(settings, err) != CS_OK)
		return CS_MALFORMED;
	struct smtp_relay *relay = calloc(1, sizeof(*relay));

	cs_assert(relay != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	relay->easy = curl_easy_init();
	cs_assert(relay->easy != NULL);
	relay->url = url_with_name(settings);
	relay->from = copy(settings->from);
	relay->ca_file = copy(settings->ca_file);
	relay->starttls = settings->starttls;
	relay->public_only = settings->public_only;
	relay->connect_ms = settings->connect_ms > 0 ? settings->connect_ms : 10000;
	relay->reply_ms = settings->reply_ms > 0 ? settings->reply_ms : 120000;
	relay->whole_ms = settings->whole_ms > 0 ? settings->whole_ms : 300000;
	if (read_secrets(relay, settings, err) != CS_OK) {
		smtp_relay_free(relay);
		return CS_MALFORMED;
	}
	*ret_relay = relay;
	return CS_OK;
}

static void
free_secret(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/*
 * Curl would say QUIT and wait two minutes for the reply.  In the thread that spoke to the relay, where
 * signals are blocked: TLS may write to the socket that was shut, and raise SIGPIPE.
 */
void
smtp_relay_hang_up(struct smtp_relay *relay)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(relay->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != CURL_SOCKET_BAD)
		shutdown(fd, SHUT_RDWR);
	curl_easy_cleanup(relay->easy);
	relay->easy = NULL;
}

void
smtp_relay_free(struct smtp_relay *relay)
{
	curl_easy_cleanup(relay->easy);
	curl_global_cleanup();
	free_secret(relay->user);
	free_secret(relay->password);
	free(relay->url);
	free(relay->from);
	free(relay->ca_file);
	free(relay);
}

void
smtp_relay_stop(struct smtp_relay *relay)
{
	atomic_store(&relay->stopping, true);
}

/* ---- What curl asks and tells ---- */

static size_t
give_data(char *buffer, size_t size, size_t count, void *arg)
{
	struct exchange *ex = arg;
	size_t len = ex->rest.len < size * count ? ex->rest.len : size * count;

	memcpy(buffer, ex->rest.data, len);
	ex->rest.data += len;
	ex->rest.len -= len;
	ex->sent |= ex->rest.len == 0;
	return len;
}

static void
keep_text(struct exchange *ex, const char *line, size_t len)
{
	size_t n = 0;

	for (; n < len && n < sizeof(ex->text) - 1 && line[n] != '\r' && line[n] != '\n'; n++)
		ex->text[n] = line[n] >= 0x20 && line[n] < 0x7f ? line[n] : '?';
	ex->text[n] = '\0';
}

/*
 * Every line that the relay says; returning another number than `len` ends the connection.  221 is the
 * reply to curl's QUIT after a refusal, and must not hide it.
 */
static size_t
hear_line(char *line, size_t size, size_t count, void *arg)
{
	struct exchange *ex = arg;
	size_t len = size * count;

	if (len > REPLY_LINE_MAX || ++ex->reply_lines > REPLY_LINES_MAX)
		return 0;
	if (len >= 3 && memcmp(line, "221", 3) == 0)
		return len;
	if (ex->reply_lines == 1)
		keep_text(ex, line, len);
	if (len >= 4 && line[3] == '-')
		return len;
	ex->reply_lines = 0;
	ex->code = (int)strtol(ex->text, NULL, 10);
	ex->replied_to_data = ex->sent;
	return len;
}

static int
still_wanted(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct smtp_relay *relay = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&relay->stopping);
}

/* Whatever the name was: this is where the connection would go. */
static curl_socket_t
open_public_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	if (purpose != CURLSOCKTYPE_IPCXN || !http_address_allowed(&address->addr, NULL))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
set_transport(struct smtp_relay *relay)
{
	CURL *easy = relay->easy;

	curl_easy_setopt(easy, CURLOPT_URL, relay->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)relay->connect_ms);
	curl_easy_setopt(
	    easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)((relay->reply_ms + 999) / 1000));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)relay->whole_ms);
	curl_easy_setopt(
	    easy, CURLOPT_USE_SSL, relay->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (relay->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, relay->ca_file);
	curl_easy_setopt(easy, CURLOPT_USERNAME, relay->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, relay->password);
	if (relay->public_only)
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_public_socket);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, still_wanted);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, relay);
}

static void
set_mail(
    struct smtp_relay *relay, const char *from, struct curl_slist *recipients, struct exchange *ex)
{
	CURL *easy = relay->easy;

	if (*from != '\0') /* without it curl says MAIL FROM:<> */
		curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)ex->rest.len);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_data);
	curl_easy_setopt(easy, CURLOPT_READDATA, ex);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, hear_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear_line); /* never stdout */
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
}

/* ---- What it means ---- */

/*
 * The curl code says which command the relay refused, as far as that matters: CURLE_SEND_ERROR is MAIL,
 * RCPT or DATA.  A refusal before them (greeting, EHLO, STARTTLS, AUTH) says nothing about the mail.
 */
/*
 * 500 and 502: a command it does not know; 503: not now.  Also what comes of a relay that replied twice to
 * the mail before: its second word is taken for the reply to our next command.
 */
static bool
is_about_us(int code)
{
	return code == 500 || code == 502 || code == 503;
}

static enum smtp_outcome
judge(CURLcode curl, const struct exchange *ex)
{
	if (curl == CURLE_OK && ex->code == 250 && ex->replied_to_data)
		return SMTP_ACCEPTED;
	if (ex->sent && !ex->replied_to_data)
		return SMTP_UNKNOWN;
	if (ex->code >= 500 && ex->code <= 599 && !is_about_us(ex->code) &&
	    (ex->replied_to_data || curl == CURLE_SEND_ERROR))
		return SMTP_PERMANENT;
	if (ex->replied_to_data && ex->code / 100 != 4)
		return SMTP_UNKNOWN; /* neither yes nor no */
	return SMTP_TEMPORARY;
}

/* The relay's own words when they are why; otherwise curl's. */
static void
write_result(CURLcode curl, struct exchange *ex, struct smtp_result *ret_result)
{
	*ret_result = (struct smtp_result){ .outcome = judge(curl, ex), .code = ex->code };
	bool said = curl == CURLE_OK || ex->code >= 400;

	snprintf(ret_result->text, sizeof(ret_result->text), "%s",
	    said ? ex->text : curl_easy_strerror(curl));
}

/*
 * Curl keeps a connection on which it waited in vain for the reply to the data, and what comes late would be
 * the reply to the next mail's first command.  So does what a relay says beyond its reply.
 */
static void
drop_if_out_of_step(struct smtp_relay *relay, CURLcode curl)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	char octet;

	if (curl_easy_getinfo(relay->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return;
	if (curl != CURLE_OK || recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		(void)shutdown(fd, SHUT_RDWR); /* curl sees that it is dead, and says no QUIT */
}

void
smtp_relay_mail(struct smtp_relay *relay, const char *from, const char *to, struct cs_span message,
    struct smtp_result *ret_result)
{
	struct exchange ex = { .rest = message };
	struct curl_slist *recipients = curl_slist_append(NULL, to);

	cs_assert(recipients != NULL);
	curl_easy_reset(relay->easy);
	set_transport(relay);
	set_mail(relay, from != NULL ? from : relay->from, recipients, &ex);
	CURLcode curl = curl_easy_perform(relay->easy);

	write_result(curl, &ex, ret_result);
	drop_if_out_of_step(relay, curl);
	curl_easy_reset(relay->easy); /* the connection stays, the pointers to `ex` do not */
	curl_slist_free_all(recipients);
}

/* Without a recipient curl sends one command of ours, once it is logged in (RFC 5321 4.1.1.9). */
void
smtp_relay_probe(struct smtp_relay *relay, struct smtp_result *ret_result)
{
	struct exchange ex = { .code = 0 };

	curl_easy_reset(relay->easy);
	set_transport(relay);
	curl_easy_setopt(relay->easy, CURLOPT_CUSTOMREQUEST, "NOOP");
	curl_easy_setopt(relay->easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(relay->easy, CURLOPT_HEADERFUNCTION, hear_line);
	curl_easy_setopt(relay->easy, CURLOPT_HEADERDATA, &ex);
	curl_easy_setopt(relay->easy, CURLOPT_WRITEFUNCTION, hear_line);
	curl_easy_setopt(relay->easy, CURLOPT_WRITEDATA, &ex);
	CURLcode curl = curl_easy_perform(relay->easy);

	write_result(curl, &ex, ret_result);
	ret_result->outcome = curl == CURLE_OK && ex.code == 250 ? SMTP_ACCEPTED : SMTP_TEMPORARY;
	drop_if_out_of_step(relay, curl);
	curl_easy_reset(relay->easy);
}
