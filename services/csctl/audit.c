/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: is the signer's audit log as it was written, and what is in it for certain? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "csctl.h"
#include "ledger.h"
#include "proof.h"
#include "store.h"
#include "store_audit.h"
#include "trusted.h"
#include "wire.h"

#define PAGE 1000
#define LINE_MAX_OCTETS 65536

/* ---- what all need ---- */

/* The signer's schema, for reading. */
static enum cs_code
open_signer(struct cs_arena *arena, struct db **ret, struct cs_err *err)
{
	const char *url = setting("CS_DATABASE_URL", "postgresql:// URL of countersign_observer");

	if (url == NULL)
		return cs_fail(err, CS_MALFORMED, "no database");
	if (db_open(url, "csctl", ret, err))
		return err->code;
	if (store_read_only(*ret, err) || store_use_schema(*ret, arena, "signer", err)) {
		db_close(*ret);
		return err->code;
	}
	return CS_OK;
}

/* ---- verify: heads, from wherever they are kept ---- */

struct heads {
	struct cs_buf all; /* struct audit_head, one behind the other */
	size_t n;
};

static void
add_head(struct heads *heads, const struct audit_head *head)
{
	cs_buf_add(&heads->all, head, sizeof(*head));
	heads->n++;
}

static enum cs_code
heads_of_table(struct db *db, struct cs_arena *arena, struct heads *heads, struct cs_err *err)
{
	struct audit_head *page;
	uint64_t after = 0;
	size_t n;

	do {
		if (store_audit_heads(db, arena, after, PAGE, &page, &n, err))
			return err->code;
		for (size_t i = 0; i < n; i++)
			add_head(heads, &page[i]);
		if (n > 0)
			after = page[n - 1].size;
	} while (n == PAGE);
	return CS_OK;
}

/* A head, or an event that has one as its body. */
static bool
head_of_json(const json_t *value, struct audit_head *ret)
{
	const json_t *body = json_object_get(value, "body");

	return proof_read_head(body != NULL ? body : value, ret);
}

static enum cs_code
head_of_event(struct heads *heads, struct cs_span body, struct cs_err *err)
{
	json_t *value = wire_event_json("AuditHead", false, body);
	struct audit_head head;
	const bool good = value != NULL && proof_read_head(value, &head);

	json_decref(value);
	if (!good)
		return cs_fail(err, CS_MALFORMED, "a published head cannot be read");
	add_head(heads, &head);
	return CS_OK;
}

static enum cs_code
heads_of_outbox(struct db *db, struct cs_arena *arena, struct heads *heads, struct cs_err *err)
{
	const struct store_wish wish = { .subject = "certificate.audit-head",
		.until_ms = INT64_MAX };
	int64_t last, after = 0;
	struct db_rows *rows;
	size_t n;

	if (store_outbox_last(db, arena, &last, err))
		return err->code;
	do {
		if (store_outbox_page(db, arena, &wish, after, last, PAGE, &rows, err))
			return err->code;
		n = db_rows_count(rows);
		for (size_t i = 0; i < n; i++) {
			after = db_get_i64(rows, i, STORE_SEQ);
			if (!db_is_null(rows, i, STORE_BODY) &&
			    head_of_event(heads, db_get_bytes(rows, i, STORE_BODY), err))
				return err->code;
		}
	} while (n == PAGE);
	return CS_OK;
}

static void
close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

/* One JSON object a line, as `csctl audit head` and `csctl events ... --json` write them. */
static enum cs_code
heads_of_file(const char *path, struct heads *heads, struct cs_err *err)
{
	CS_AUTO(close_file) FILE *file = fopen(path, "rbe");
	char line[LINE_MAX_OCTETS];

	if (file == NULL)
		return cs_fail(err, CS_NOT_FOUND, "%s: %s", path, strerror(errno));
	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		struct audit_head head;
		const bool good = value != NULL && head_of_json(value, &head);

		json_decref(value);
		if (!good)
			return cs_fail(err, CS_MALFORMED, "%s: line %u is no head", path, number);
		add_head(heads, &head);
	}
	if (ferror(file))
		return cs_fail(err, CS_INTERNAL, "%s: cannot be read", path);
	return CS_OK;
}

static int
compare_heads(const void *a, const void *b)
{
	const struct audit_head *left = a, *right = b;

	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	if (left->at_ms != right->at_ms)
		return left->at_ms < right->at_ms ? -1 : 1;
	const int root = memcmp(left->root, right->root, sizeof(left->root)),
		  keyid = strcmp(left->keyid, right->keyid);
	if (root != 0 || keyid != 0)
		return root != 0 ? root : keyid;
	return memcmp(left->signature, right->signature, sizeof(left->signature));
}

/* In the order of their size, each once: the same head is kept in several places. */
static struct audit_head *
sorted_heads(struct heads *heads)
{
	struct audit_head *all = (struct audit_head *)(void *)heads->all.data;
	size_t n = 0;

	if (heads->n == 0)
		return NULL;
	qsort(all, heads->n, sizeof(*all), compare_heads);
	for (size_t i = 0; i < heads->n; i++)
		if (n == 0 || compare_heads(&all[n - 1], &all[i]) != 0)
			all[n++] = all[i];
	heads->n = n;
	return all;
}

/* ---- verify ---- */

static enum cs_code
read_records(
    struct db *db, const struct store_audit_end *end, struct ledger *ledger, struct cs_err *err)
{
	struct cs_arena *page_arena = cs_arena_new();
	enum cs_code code = CS_OK;
	int64_t after = INT64_MIN;
	size_t n = 0;

	do {
		struct store_audit *page;

		cs_arena_reset(page_arena);
		code = store_audit_page(
		    db, page_arena, after, (int64_t)end->size, PAGE, &page, &n, err);
		for (size_t i = 0; code == CS_OK && i < n; i++) {
			ledger_add(ledger, &page[i].record, page[i].leaf);
			after = page[i].record.seq;
		}
	} while (code == CS_OK && n == PAGE);
	cs_arena_free(page_arena);
	return code;
}

static enum cs_code
note_strays(struct db *db, struct cs_arena *arena, struct ledger *ledger, struct cs_err *err)
{
	struct store_stray *strays;
	size_t n;

	if (store_audit_strays(db, arena, LEDGER_FINDINGS, &strays, &n, err))
		return err->code;
	for (size_t i = 0; i < n; i++) {
		char request[CS_ID_TEXT];

		cs_id_format(strays[i].request, request);
		ledger_note(ledger, "row", strays[i].seq, strays[i].seq,
		    cs_arena_printf(arena, "%s: request %s", strays[i].what, request));
	}
	return CS_OK;
}

struct verified {
	struct ledger *ledger;
	uint64_t records, newest; /* that the newest head has */
};

static enum cs_code
verify(struct db *db, struct args *args, const struct claim_trust *trust, const char *path,
    struct verified *ret, struct cs_err *err)
{
	struct heads heads = { .all = cs_buf_new(args->arena) };
	struct cs_arena *arena = args->arena;
	struct store_audit_end end;

	/* Heads first: one that is signed meanwhile would be about records that nobody read. */
	if (heads_of_table(db, arena, &heads, err) || heads_of_outbox(db, arena, &heads, err) ||
	    (path != NULL && heads_of_file(path, &heads, err)) ||
	    store_audit_end(db, arena, &end, err))
		return err->code;
	*ret = (struct verified){ ledger_new(arena, end.size), end.size, 0 };
	if (read_records(db, &end, ret->ledger, err))
		return err->code;
	ledger_end(ret->ledger, end.peaks, end.highest);
	const struct audit_head *all = sorted_heads(&heads);

	for (size_t i = 0; i < heads.n; i++)
		ledger_head(ret->ledger, &all[i], proof_head_problem(arena, trust, &all[i]));
	if (heads.n > 0)
		ret->newest = all[heads.n - 1].size;
	return note_strays(db, arena, ret->ledger, err);
}

static int
print_verified(const struct verified *verified, bool as_json)
{
	size_t n;
	const struct ledger_finding *found = ledger_findings(verified->ledger, &n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		if (!as_json)
			(void)printf("%-9s  %s\n", found[i].what, found[i].text);
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:I, s:I, s:s}", "what", found[i].what, "first",
			      (json_int_t)found[i].first, "last", (json_int_t)found[i].last, "text",
			      found[i].text));
	}
	if (as_json)
		put_json(json_pack("{s:b, s:I, s:I, s:I, s:o}", "good", n == 0, "records",
		    (json_int_t)verified->records, "heads",
		    (json_int_t)ledger_heads(verified->ledger), "signed",
		    (json_int_t)verified->newest, "findings", json_incref(list)));
	else if (n == 0)
		(void)printf(
		    "%llu records, as they were written; %llu signed heads, all of this log;"
		    " every row has its record\n"
		    "signed: records 1 to %llu\n",
		    (unsigned long long)verified->records,
		    (unsigned long long)ledger_heads(verified->ledger),
		    (unsigned long long)verified->newest);
	json_decref(list);
	return n == 0 ? DONE : REFUSED;
}

static int
run_verify(struct args *args)
{
	const char *path = args_option(args, "--heads", NULL);
	const bool as_json = args_flag(args, "--json");
	struct verified verified = { 0 };
	struct claim_trust *trust;
	struct cs_err err = { 0 };
	struct db *db;

	if (!args_end(args))
		return usage(args);
	if (trusted_load(&trust, &err))
		return could_not(&err);
	if (open_signer(args->arena, &db, &err)) {
		claim_trust_free(trust);
		return could_not(&err);
	}
	enum cs_code code = verify(db, args, trust, path, &verified, &err);

	db_close(db);
	claim_trust_free(trust);
	return code == CS_OK ? print_verified(&verified, as_json) : could_not(&err);
}

/* ---- head ---- */

static int
run_head(struct args *args)
{
	struct audit_head head;
	struct cs_err err = { 0 };
	struct db *db;

	if (!args_end(args))
		return usage(args);
	if (open_signer(args->arena, &db, &err))
		return could_not(&err);
	enum cs_code code = store_audit_newest(db, args->arena, 1, &head, &err);

	db_close(db);
	if (code != CS_OK)
		return could_not(&err);
	json_t *value = proof_head_json(&head);
	char *text = json_dumps(value, JSON_COMPACT); /* one line: to be kept with others */

	(void)puts(text);
	free(text);
	json_decref(value);
	return DONE;
}

/* ---- prove and check ---- */

static enum cs_code
prove(struct db *db, struct cs_arena *arena, int64_t seq, json_t **ret, struct cs_err *err)
{
	struct store_audit *page;
	struct audit_proof proof;
	struct audit_head head;
	size_t n;

	if (store_audit_newest(db, arena, (uint64_t)seq, &head, err) ||
	    store_audit_page(db, arena, seq - 1, seq, 1, &page, &n, err))
		return err->code;
	if (n != 1)
		return cs_fail(err, CS_NOT_FOUND, "no such record");
	if (trusted_prove(db, arena, seq, head.size, &proof, err))
		return err->code;
	*ret = json_pack("{s:o, s:o, s:o}", "record", proof_record_json(&page[0].record), "path",
	    proof_path_json(&proof), "head", proof_head_json(&head));
	return CS_OK;
}

static int
run_prove(struct args *args)
{
	const char *word = args_word(args);
	struct cs_err err = { 0 };
	json_t *value = NULL;
	struct db *db;
	char *end;

	if (word == NULL || !args_end(args))
		return usage(args);
	const long long seq = strtoll(word, &end, 10);

	if (*end != '\0' || seq < 1)
		return usage(args);
	if (open_signer(args->arena, &db, &err))
		return could_not(&err);
	enum cs_code code = prove(db, args->arena, seq, &value, &err);

	db_close(db);
	if (code != CS_OK)
		return could_not(&err);
	put_json(value);
	return DONE;
}

/* NULL: it is proved. */
static const char *
problem_of(struct cs_arena *arena, const struct claim_trust *trust, const json_t *value)
{
	static const char *const members[] = { "record", "path", "head", NULL };
	struct audit_record record;
	struct audit_proof proof;
	struct audit_head head;
	uint8_t leaf[AUDIT_HASH];

	if (!proof_has_members(value, members) ||
	    !proof_read_record(arena, json_object_get(value, "record"), &record) ||
	    !proof_read_path(json_object_get(value, "path"), &proof) ||
	    !proof_read_head(json_object_get(value, "head"), &head))
		return "it is no proof of a record";
	const char *problem = proof_lone_head_problem(arena, trust, &head);

	if (problem != NULL)
		return problem;
	audit_leaf(&record, leaf);
	if (!audit_has_leaf(leaf, (uint64_t)record.seq - 1, head.size, &proof, head.root))
		return "the record is not in the tree that the head signs";
	char when[CS_TIME_TEXT];

	cs_time_format(record.at_ms, when);
	(void)printf("record %lld, %s, %s: in the log of %llu records\n", (long long)record.seq,
	    when, cs_escape(arena, cs_span_str(record.action), 40), (unsigned long long)head.size);
	return NULL;
}

static int
run_check(struct args *args)
{
	const char *path = args_word(args);
	struct claim_trust *trust;
	struct cs_err err = { 0 };

	if (path == NULL || !args_end(args))
		return usage(args);
	if (trusted_load(&trust, &err))
		return could_not(&err);
	json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	const char *problem =
	    value == NULL ? "it is no JSON" : problem_of(args->arena, trust, value);

	json_decref(value);
	claim_trust_free(trust);
	if (problem == NULL)
		return DONE;
	(void)printf("not proved: %s\n", problem);
	return REFUSED;
}

const struct command audit_commands[] = {
	{ "audit verify", "[--heads FILE] [--json]",
	    "compares the signer's audit log with its signed heads, and its rows with the log; names the first\n"
	    "      record that is not as it was written.  FILE: heads that were kept elsewhere, one a line",
	    run_verify },
	{ "audit head", "", "prints the newest signed head, a line to keep elsewhere", run_head },
	{ "audit prove", "SEQ", "prints the proof that a record is in the log", run_prove },
	{ "audit check", "FILE", "checks such a proof, without a database", run_check },
	{ NULL, NULL, NULL, NULL },
};
