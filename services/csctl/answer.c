/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: shows a DNS answer that some evidence rests on, as the service's archive has it. */
#include "dns/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "csctl.h"
#include "dns/caa.h"
#include "pki/hash.h"
#include "store.h"

#define SHOWN_MAX 512 /* octets of one record */

/* Where answers are kept. */
static const char *const schemas[] = { "caa_dnssec", "domain_validator", "mailbox_validator" };

#define SCHEMAS (sizeof(schemas) / sizeof(schemas[0]))

static enum cs_code
find(struct db *db, struct cs_arena *arena, struct cs_span sha256, struct store_answer *ret,
    struct cs_err *err)
{
	for (size_t i = 0; i < SCHEMAS; i++) {
		if (store_use_schema(db, arena, schemas[i], err))
			return err->code;
		enum cs_code code = store_answer(db, arena, sha256, ret, err);

		if (code != CS_NOT_FOUND)
			return code;
	}
	return cs_fail(err, CS_NOT_FOUND, "no service keeps this answer");
}

static enum cs_code
write_file(const char *path, struct cs_span octets, struct cs_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	ssize_t n = write(fd, octets.data, octets.len);

	if (close(fd) != 0 || n != (ssize_t)octets.len)
		return cs_fail(err, CS_INTERNAL, "%s: not written whole", path);
	return CS_OK;
}

/* ---- in words ---- */

static const char *
record_text(struct cs_arena *arena, uint16_t type, const struct dns_record *record)
{
	if (type == DNS_TYPE_TXT)
		return cs_arena_printf(arena, "\"%s\"", cs_escape(arena, record->text, SHOWN_MAX));
	if (type == DNS_TYPE_MX)
		return cs_arena_printf(arena, "%u %s", record->preference, record->host);
	if (record->host != NULL)
		return record->host;
	return cs_arena_printf(
	    arena, "\\# %zu %s", record->rdata.len, cs_hex(arena, record->rdata));
}

/* CAA is shown by the reader that decides about it. */
static json_t *
records_json(struct cs_arena *arena, const struct dns_answer *answer)
{
	const struct caa_question nobody = { .tag = CAA_ISSUEMAIL };
	struct caa_decision decision = { 0 };
	json_t *list = json_array();

	if (answer->type == DNS_TYPE_CAA)
		caa_decide(arena, &nobody, answer->records, answer->records_len, &decision);
	for (size_t i = 0; i < answer->records_len; i++)
		(void)json_array_append_new(
		    list, json_string(answer->type == DNS_TYPE_CAA
					  ? decision.properties[i].text
					  : record_text(arena, answer->type, &answer->records[i])));
	return list;
}

static uint16_t
type_of(const char *name)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_CNAME, DNS_TYPE_SOA, DNS_TYPE_MX,
		DNS_TYPE_TXT, DNS_TYPE_AAAA, DNS_TYPE_CAA };

	cs_assert(name != NULL); /* a column that is never null */
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dns_type_name(types[i]), name) == 0)
			return types[i];
	return 0;
}

/* Bogus answers are kept too, and nobody but people reads them. */
static void
add_meaning(struct cs_arena *arena, const struct store_answer *kept, json_t *object)
{
	struct dns_answer answer;
	struct cs_err err;
	json_t *aliases;

	if (dns_answer_parse(arena, kept->octets, kept->name, type_of(kept->type), &answer, &err)) {
		(void)json_object_set_new(object, "unreadable", json_string(err.text));
		return;
	}
	aliases = json_array();
	for (size_t i = 0; i < answer.aliases_len; i++)
		(void)json_array_append_new(aliases, json_string(answer.aliases[i]));
	(void)json_object_set_new(object, "rcode", json_string(dns_rcode_name(answer.rcode)));
	(void)json_object_set_new(object, "ttl", json_integer(answer.ttl_s));
	(void)json_object_set_new(object, "aliases", aliases);
	(void)json_object_set_new(object, "records", records_json(arena, &answer));
}

static void
print(struct cs_arena *arena, const struct store_answer *kept, const char *sha256)
{
	char first[CS_TIME_TEXT], last[CS_TIME_TEXT];
	json_t *object;
	char *text;

	cs_time_format(kept->first_at_ms, first);
	cs_time_format(kept->last_at_ms, last);
	object = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "sha256", sha256, "name", kept->name,
	    "type", kept->type, "octets", (json_int_t)kept->octets.len, "first_at", first,
	    "last_at", last);
	add_meaning(arena, kept, object);
	text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	(void)puts(text);
	free(text);
	json_decref(object);
}

/* ---- the command ---- */

static enum cs_code
show(struct args *args, const char *url, const char *hex, const char *path, struct cs_err *err)
{
	uint8_t want[PKI_SHA256], have[PKI_SHA256];
	struct store_answer kept = { 0 };
	struct db *db;
	enum cs_code code;

	if (!cs_hex_decode(hex, want, sizeof(want)))
		return cs_fail(err, CS_MALFORMED, "not a SHA-256 in hexadecimal");
	if (db_open(url, "csctl", &db, err))
		return err->code;
	code = store_read_only(db, err);
	if (code == CS_OK)
		code = find(db, args->arena, cs_span_of(want, sizeof(want)), &kept, err);
	db_close(db);
	if (code != CS_OK)
		return code;
	/* Whoever owns the database could have put anything there. */
	pki_sha256(kept.octets, have);
	if (memcmp(have, want, sizeof(have)) != 0)
		return cs_fail(err, CS_INTERNAL, "the octets in the archive have another digest");
	if (path != NULL && write_file(path, kept.octets, err))
		return err->code;
	print(args->arena, &kept, hex);
	return CS_OK;
}

static int
run_show(struct args *args)
{
	const char *path = args_option(args, "--out", NULL), *hex = args_word(args);
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of the observer's role");
	struct cs_err err;

	if (hex == NULL || url == NULL || !args_end(args))
		return usage(args);
	return show(args, url, hex, path, &err) ? could_not(&err) : DONE;
}

const struct command answer_commands[] = {
	{ "answer show", "SHA256 [--out FILE]",
	    "shows a DNS answer that evidence names, and writes its octets into FILE", run_show },
	{ NULL, NULL, NULL, NULL },
};
