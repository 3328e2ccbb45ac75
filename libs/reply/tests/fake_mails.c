/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_mails.h"

#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define MULTIPART "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
#define REPORT "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
#define SIGNED "DKIM-Signature: v=1; a=ed25519-sha256; d=sender.example; s=ed; "
#define FROM "From: a@sender.example\r\n"
#define BLOCK REPLY_BLOCK_BEGIN "\r\n"

/* `first`, then `again` so many times, each # in it being the number of the time, then `last`. */
static const struct pattern {
	const char *name;
	struct cs_span first, again;
	unsigned times;
	struct cs_span last;
	const char *refused;
} patterns[] = {
	/* No mails. */
	{ "nothing", TEXT(""), TEXT(""), 0, TEXT(""), "mail-size" },
	{ "an empty line", TEXT("\r\n"), TEXT(""), 0, TEXT(""), NULL },
	{ "a word", TEXT("word"), TEXT(""), 0, TEXT(""), "mail-header" },
	{ "zeros", TEXT(""), TEXT("\0"), 1000000, TEXT(""), "mail-octets" },
	{ "zero in the header", TEXT("From: a\0@sender.example\r\n\r\n"), TEXT(""), 0, TEXT(""),
	    "mail-octets" },
	{ "zero in the body", TEXT(FROM "\r\na\0b\r\n"), TEXT(""), 0, TEXT(""), "mail-octets" },
	{ "CR alone", TEXT(FROM "\r\na\rb\r\n"), TEXT(""), 0, TEXT(""), "mail-octets" },
	{ "LF alone", TEXT(FROM "\n\r\nb\r\n"), TEXT(""), 0, TEXT(""), "mail-octets" },
	{ "one octet too much", TEXT("\r\n"), TEXT("x"), DKIM_MAIL_MAX - 1, TEXT(""), "mail-size" },
	{ "all that may be", TEXT("\r\n"), TEXT("x"), DKIM_MAIL_MAX - 2, TEXT(""), NULL },

	/* Headers. */
	{ "a header without end", TEXT("X: "), TEXT("x"), 1000000, TEXT("\r\n\r\n"),
	    "mail-header-size" },
	{ "a name without end", TEXT(""), TEXT("x"), 60000, TEXT(": y\r\n\r\n"), "mail-header" },
	{ "fields without end", TEXT(""), TEXT("X: y\r\n"), 100000, TEXT("\r\n"),
	    "mail-header-size" },
	{ "fields without colon", TEXT(FROM), TEXT("x\r\n"), 100, TEXT("\r\n"), "mail-header" },
	{ "folds", TEXT("Subject: ACME: a"), TEXT("\r\n b"), 15000, TEXT("\r\n\r\n"), NULL },
	{ "lines of blanks", TEXT("Subject: a"), TEXT("\r\n "), 100, TEXT("\r\n\r\n"),
	    "mail-header" },
	{ "comments in comments", TEXT("From: "), TEXT("("), 60000, TEXT("\r\n\r\n"), NULL },
	{ "backslashes", TEXT("From: \""), TEXT("\\"), 60001, TEXT("\" <a@b.example>\r\n\r\n"),
	    NULL },
	{ "addresses", TEXT("To: a@b.example"), TEXT(", a#@b.example"), 3500, TEXT("\r\n\r\n"),
	    NULL },
	{ "groups", TEXT("From: "), TEXT("g:"), 30000, TEXT(";\r\n\r\n"), NULL },
	{ "routes", TEXT("From: <"), TEXT("@a#,"), 8000, TEXT(":a@b.example>\r\n\r\n"), NULL },
	{ "no UTF-8",
	    TEXT("From: \xc0\xaf\xed\xa0\x80\xff@\xf5\x80\x80\x80.example\r\n"
		 "Subject: ACME: \xe2\x80\xae\xfe\r\n\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "encoded words", TEXT("Subject: "), TEXT("=?utf-8?q?=41?="), 4000, TEXT("\r\n\r\n"),
	    NULL },
	{ "encoded words without end", TEXT("Subject: "), TEXT("=?utf-8?b?"), 6000,
	    TEXT("\r\n\r\n"), NULL },
	{ "encoded controls",
	    TEXT("Subject: =?utf-8?q?ACME:=00=0d=0aBcc:_x?= =?utf-7?b?AAAA?= =?x?y?z?=\r\n\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "identifiers", TEXT("References: "), TEXT("<#@x.example> "), 3500, TEXT("\r\n\r\n"),
	    NULL },
	{ "angles", TEXT("In-Reply-To: "), TEXT("<"), 60000, TEXT("\r\n\r\n"), NULL },

	/* Types. */
	{ "comments in the type", TEXT("Content-Type: "), TEXT("("), 60000, TEXT("\r\n\r\nx\r\n"),
	    NULL },
	{ "parameters", TEXT("Content-Type: text/plain"), TEXT("; p#=v"), 6000,
	    TEXT("\r\n\r\nx\r\n"), NULL },
	{ "parameters in pieces", TEXT("Content-Type: multipart/mixed"),
	    TEXT("; boundary*#*=utf-8''%41"), 2300, TEXT("\r\n\r\n--A\r\n"), NULL },
	{ "pieces of large numbers",
	    TEXT(
		"Content-Type: multipart/alternative; boundary*4294967295=a;"
		" boundary*18446744073709551616=b; boundary*-1=c\r\n\r\n--a\r\n\r\nx\r\n--c--\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "the type twice",
	    TEXT("Content-Type: text/plain\r\nContent-Type: multipart/mixed\r\n\r\n"), TEXT(""), 0,
	    TEXT(""), NULL },
	{ "an unfinished type", TEXT("Content-Type: text/plain; charset=\"\\\r\n\r\nx\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "unknown character sets",
	    TEXT("Content-Type: text/plain; charset=\"../../../etc/passwd\"\r\n\r\nx\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },

	/* Parts. */
	{ "no boundary", TEXT("Content-Type: multipart/alternative\r\n\r\n--\r\n"), TEXT("--\r\n"),
	    900, TEXT(""), NULL },
	{ "an empty boundary",
	    TEXT("Content-Type: multipart/alternative; boundary=\"\"\r\n\r\n--\r\n"),
	    TEXT("\r\n--"), 900, TEXT("--\r\n"), NULL },
	{ "parts in parts", TEXT(""),
	    TEXT("Content-Type: multipart/mixed; boundary=#\r\n\r\n--#\r\n"), 16000, TEXT(""),
	    NULL },
	{ "parts in parts, as many as are read", TEXT(""),
	    TEXT("Content-Type: multipart/mixed; boundary=#\r\n\r\n--#\r\n"), 990, TEXT(""), NULL },
	{ "one boundary for all", TEXT(""),
	    TEXT("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"), 990, TEXT(""), NULL },
	{ "mails in mails", TEXT(""), TEXT("Content-Type: message/rfc822\r\n\r\n"), 32000, TEXT(""),
	    NULL },
	{ "mails in parts in mails", TEXT(""),
	    TEXT("Content-Type: multipart/mixed; boundary=#\r\n\r\n--#\r\n"
		 "Content-Type: message/rfc822\r\n\r\n"),
	    990, TEXT(""), NULL },
	{ "many parts", TEXT(MULTIPART), TEXT("--b\r\n\r\n"), 100000, TEXT("--b--\r\n"), NULL },
	{ "many texts", TEXT(MULTIPART), TEXT("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"), 990,
	    TEXT("--b--\r\n"), NULL },
	{ "fields of a part without end", TEXT(MULTIPART "--b\r\nX: "), TEXT("x"), 1000000,
	    TEXT("\r\n\r\nx\r\n--b--\r\n"), NULL },
	{ "a boundary of 60,000", TEXT("Content-Type: multipart/alternative; boundary="), TEXT("x"),
	    60000, TEXT("\r\n\r\n--xx\r\n--x\r\n"), NULL },
	{ "a boundary of a million",
	    TEXT(MULTIPART "--b\r\nContent-Type: multipart/mixed; boundary=\""), TEXT("x"), 1000000,
	    TEXT("\"\r\n\r\n--xx\r\n--b--\r\n"), NULL },
	{ "hardly a boundary", TEXT(MULTIPART "--b\r\n\r\n"), TEXT("\r\n-"), 300000,
	    TEXT("\r\n--b--\r\n"), NULL },
	{ "parts without end", TEXT(MULTIPART "--b\r\n\r\nx"), TEXT(""), 0, TEXT(""), NULL },

	/* Encodings. */
	{ "broken base64", TEXT("Content-Transfer-Encoding: base64\r\n\r\n"), TEXT("=A=!B\r\n"),
	    140000, TEXT(""), NULL },
	{ "base64 in one line", TEXT("Content-Transfer-Encoding: base64\r\n\r\n"), TEXT("A"),
	    1000001, TEXT(""), NULL },
	{ "broken quoted-printable", TEXT("Content-Transfer-Encoding: quoted-printable\r\n\r\n"),
	    TEXT("=ZZ==\r\n=0"), 100000, TEXT("="), NULL },
	{ "uuencode", TEXT("Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 /etc/x\r\n"),
	    TEXT("\x7f\x20M~~~\r\n"), 100000, TEXT("end\r\n"), NULL },
	{ "yenc",
	    TEXT("Content-Transfer-Encoding: x-yencode\r\n\r\n=ybegin line=9 size=-1 name=x\r\n"),
	    TEXT("=\r\n"), 100000, TEXT("=yend size=9\r\n"), NULL },
	{ "an encoding in an encoding",
	    TEXT("Content-Transfer-Encoding: base64\r\nContent-Type: message/rfc822\r\n\r\n"
		 "Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMg0KDQo=\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },

	/* Answers and reports. */
	{ "blocks", TEXT(FROM "\r\n"), TEXT(BLOCK), 30000, TEXT(""), NULL },
	{ "a block without end", TEXT(FROM "\r\n" BLOCK), TEXT("A"), 900000, TEXT(""), NULL },
	{ "a report of many",
	    TEXT(REPORT "--b\r\n\r\nx\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"),
	    TEXT(
		"Final-Recipient: rfc822; a#@b.example\r\nAction: failed\r\nStatus: 5.#.#\r\n\r\n"),
	    10000, TEXT("--b--\r\n"), NULL },
	{ "a report without end",
	    TEXT(REPORT
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; "),
	    TEXT("a"), 900000, TEXT("\r\n--b--\r\n"), NULL },
	{ "a report of a report", TEXT(REPORT "--b\r\n"),
	    TEXT(
		"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/report; boundary=#\r\n\r\n--#\r\n"),
	    900, TEXT(""), NULL },

	/* Signatures. */
	{ "tags", TEXT("DKIM-Signature: v=1"), TEXT("; t#=x"), 6000, TEXT("\r\n" FROM "\r\n"),
	    NULL },
	{ "the same tag", TEXT(SIGNED), TEXT("b=A; "), 10000, TEXT("\r\n" FROM "\r\n"), NULL },
	{ "semicolons", TEXT("DKIM-Signature: "), TEXT(";"), 60000, TEXT("\r\n" FROM "\r\n"),
	    NULL },
	{ "names", TEXT(SIGNED "bh=AAAA; b=AAAA; h=From"), TEXT(":x#"), 8000,
	    TEXT("\r\n" FROM "\r\n"), NULL },
	{ "the same name", TEXT(SIGNED "bh=AAAA; b=AAAA; h=From"), TEXT(":From"), 12000,
	    TEXT("\r\n" FROM "\r\n"), NULL },
	{ "a signature of 60,000", TEXT(SIGNED "h=From; bh=AAAA; b="), TEXT("A"), 60000,
	    TEXT("\r\n" FROM "\r\n"), NULL },
	{ "signatures", TEXT(""), TEXT(SIGNED "h=From; bh=AAAA; b=AAAA\r\n"), 500,
	    TEXT(FROM "\r\n"), NULL },
	{ "signatures by all", TEXT(""),
	    TEXT(
		"DKIM-Signature: v=1; a=rsa-sha256; d=d#.example; s=s#; h=From; bh=AAAA; b=AAAA\r\n"),
	    500, TEXT(FROM "\r\n"), NULL },
	{ "a domain of 60,000",
	    TEXT("DKIM-Signature: v=1; a=rsa-sha256; s=s; h=From; bh=AA; b=AA; d="), TEXT("x."),
	    30000, TEXT("example\r\n" FROM "\r\n"), NULL },
	{ "odd names",
	    TEXT(
		"DKIM-Signature: v=1; a=rsa-sha256; d=..; s=../x; h=:::; bh=%00; b==\r\n"
		"DKIM-Signature: v=1; a=rsa-sha256; d=\xff.example; s=\xc3\xbc; h=From; bh=; b=\r\n"
		"DKIM-Signature: =; =x; v; v==; a=b=c=d\r\n" FROM "\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "odd numbers",
	    TEXT(SIGNED "h=From; bh=AAAA; b=AAAA; l=99999999999999999999999; t=-1; x=1e9\r\n" SIGNED
			"h=From; bh=AAAA; b=AAAA; t=99999999999999999999999; x=0\r\n" SIGNED
			"h=From; bh=AAAA; b=AAAA; l=-0; i=@; q=\r\n" FROM "\r\nx\r\n"),
	    TEXT(""), 0, TEXT(""), NULL },
	{ "a body of blanks",
	    TEXT(SIGNED "c=relaxed/relaxed; h=From; bh=AAAA; b=AAAA\r\n" FROM "\r\n"), TEXT(" \t"),
	    500000, TEXT("\r\n"), NULL },
	{ "a body of empty lines",
	    TEXT(SIGNED "c=relaxed/simple; h=From; bh=AAAA; b=AAAA\r\n" FROM "\r\n"), TEXT("\r\n"),
	    500000, TEXT(""), NULL },
};

static const struct pattern keys[] = {
	{ "", TEXT(""), TEXT(""), 0, TEXT(""), NULL },
	{ "", TEXT("v=DKIM1; p="), TEXT("A"), 4000, TEXT(""), NULL },
	{ "", TEXT("v=DKIM1; k=ed25519; p="), TEXT("A"), 43, TEXT("="),
	    NULL }, /* a point of small order */
	{ "", TEXT("v=DKIM1; k=ed25519; p="), TEXT("/"), 43, TEXT("="), NULL }, /* no point */
	{ "", TEXT("v=DKIM1; k=ed25519; p=AA"), TEXT("="), 900, TEXT(""), NULL },
	{ "", TEXT("v=DKIM1"), TEXT("; t#=x"), 500, TEXT("; p="), NULL },
	{ "", TEXT(""), TEXT(";"), 4000, TEXT(""), NULL },
	{ "", TEXT("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), TEXT("/"), 348, TEXT(""),
	    NULL },
	{ "", TEXT("v=DKIM1; p=MIT/////"), TEXT("MIT/////"), 400, TEXT(""),
	    NULL }, /* lengths of 4 GiB */
	{ "", TEXT("v=DKIM1; p=MIAwgDCA"), TEXT("MIAwgDCA"), 400, TEXT(""),
	    NULL }, /* without lengths */
	{ "", TEXT("\0v=DKIM1; p=\xff"), TEXT("\0"), 400, TEXT(""), NULL },
};

static void
add(struct cs_buf *text, struct cs_span again, unsigned number)
{
	const uint8_t *mark;

	while (again.len > 0 && (mark = memchr(again.data, '#', again.len)) != NULL) {
		const size_t before = (size_t)(mark - again.data);

		cs_buf_add(text, again.data, before);
		cs_buf_printf(text, "%u", number);
		again = cs_span_of(mark + 1, again.len - before - 1);
	}
	cs_buf_add(text, again.data, again.len);
}

static struct cs_span
made(struct cs_arena *arena, const struct pattern *pattern)
{
	struct cs_buf text = cs_buf_new(arena);

	cs_buf_add(&text, pattern->first.data, pattern->first.len);
	for (unsigned n = 0; n < pattern->times; n++)
		add(&text, pattern->again, n);
	cs_buf_add(&text, pattern->last.data, pattern->last.len);
	return cs_buf_span(&text);
}

size_t
fake_mails(struct cs_arena *arena, const struct fake_mail **ret_mails)
{
	struct fake_mail *mails = CS_NEW_ARRAY(arena, LEN(patterns), struct fake_mail);

	for (size_t i = 0; i < LEN(patterns); i++)
		mails[i] = (struct fake_mail){ patterns[i].name, made(arena, &patterns[i]),
			patterns[i].refused };
	*ret_mails = mails;
	return LEN(patterns);
}

size_t
fake_keys(struct cs_arena *arena, const struct cs_span **ret_keys)
{
	struct cs_span *texts = CS_NEW_ARRAY(arena, LEN(keys), struct cs_span);

	for (size_t i = 0; i < LEN(keys); i++)
		texts[i] = made(arena, &keys[i]);
	*ret_keys = texts;
	return LEN(keys);
}
