/* SPDX-License-Identifier: Apache-2.0 */
/* The two records are the root's own of 2017, as dns-root-data has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/anchor.h"

#include <cmocka.h>

#define HASH "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"
#define KEY                                                                            \
	"AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlE" \
	"xOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgC" \
	"mr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+" \
	"SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnX" \
	"GXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="

static enum cs_code
parse(struct cs_arena *arena, const char *text, const struct anchor **ret, size_t *ret_len)
{
	return anchor_parse(arena, cs_span_str(text), ret, ret_len, NULL);
}

static void
reads_the_anchors_of_the_root(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct anchor *anchors = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(parse(arena,
			     "; comment\n\n.\t172800 IN DS 20326 8 2 " HASH
			     "\r\n. IN DNSKEY 257 3 8 " KEY " ; key",
			     &anchors, &len),
	    CS_OK);
	assert_int_equal(len, 2);
	assert_int_equal(anchors[0].key_tag, 20326);
	assert_string_equal(anchors[0].record, ". IN DS 20326 8 2 " HASH);
	assert_int_equal(anchors[1].key_tag, 20326); /* computed from the key: it is the same one */
	assert_int_equal(anchors[1].algorithm, 8);
	cs_arena_free(arena);
}

static void
refuses_what_would_leave_answers_unvalidated(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "empty", "" },
		{ "comments only", "; . IN DS 20326 8 2 " HASH "\n" },
		{ "another zone", "example. IN DS 20326 8 2 " HASH },
		{ "another zone beside the root",
		    ". IN DS 20326 8 2 " HASH "\nexample. IN DS 1 8 2 " HASH },
		{ "Ed448, which is not validated", ". IN DS 20326 16 2 " HASH },
		{ "RSA with SHA-1", ". IN DS 20326 5 2 " HASH },
		{ "a digest by SHA-1", ". IN DS 20326 8 1 " HASH },
		{ "a short digest", ". IN DS 20326 8 2 e06d" },
		{ "a long digest", ". IN DS 20326 8 2 " HASH "00" },
		{ "the wrong digest for its length", ". IN DS 20326 8 4 " HASH },
		{ "no key tag", ". IN DS 8 2 " HASH },
		{ "a key tag too large", ". IN DS 65536 8 2 " HASH },
		{ "a zone-signing key", ". IN DNSKEY 256 3 8 " KEY },
		{ "a revoked key", ". IN DNSKEY 385 3 8 " KEY },
		{ "another protocol", ". IN DNSKEY 257 2 8 " KEY },
		{ "no key", ". IN DNSKEY 257 3 8" },
		{ "a record in parentheses", ". IN DS ( 20326 8 2 " HASH " )" },
		{ "another type", ". IN NS a.root-servers.net." },
		{ "a host", "127.0.0.1 localhost" },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct anchor *anchors;
		size_t len;

		if (parse(arena, cases[i].text, &anchors, &len) != CS_MALFORMED)
			fail_msg("%s: got accepted, want refused", cases[i].name);
	}
	cs_arena_free(arena);
}

static void
reads_sixteen_anchors_and_no_more(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = cs_buf_new(arena);
	const struct anchor *anchors;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ANCHOR_MAX; i++)
		cs_buf_add_str(&buf, ". IN DS 20326 8 2 " HASH "\n");
	assert_int_equal(anchor_parse(arena, cs_buf_span(&buf), &anchors, &len, NULL), CS_OK);
	assert_int_equal(len, ANCHOR_MAX);
	cs_buf_add_str(&buf, ". IN DS 20326 8 2 " HASH "\n");
	assert_int_equal(
	    anchor_parse(arena, cs_buf_span(&buf), &anchors, &len, NULL), CS_MALFORMED);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_anchors_of_the_root),
		cmocka_unit_test(refuses_what_would_leave_answers_unvalidated),
		cmocka_unit_test(reads_sixteen_anchors_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
