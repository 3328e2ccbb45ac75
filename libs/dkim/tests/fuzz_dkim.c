/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key's text, a NUL, and a mail: what is read lies inside the mail, canonical forms are stable, and no
 * signature is good.  Only the keys of the corpus are known, and no mail is signed by them.
 */
#include <string.h>

#include "dkim/dkim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_inside(struct cs_span part, struct cs_span whole)
{
	return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static void
check_mail(struct cs_arena *arena, const struct dkim_mail *mail, struct cs_span octets)
{
	cs_assert(mail->fields_len <= DKIM_FIELDS_MAX && mail->body.len <= octets.len);
	for (size_t i = 0; i < mail->fields_len; i++) {
		cs_assert(is_inside(mail->fields[i].whole, octets));
		cs_assert(is_inside(mail->fields[i].value, mail->fields[i].whole));
	}
	for (enum dkim_canon canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
		const struct cs_span once = dkim_canon_body(arena, mail->body, canon);

		cs_assert(once.len <= mail->body.len + 2);
		cs_assert(cs_span_equal(dkim_canon_body(arena, once, canon), once));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
	const size_t key_len = end == NULL ? 0 : (size_t)(end - data);
	const struct cs_span key = { data, key_len };
	const struct cs_span octets = { data + key_len, size - key_len };
	const struct cs_span rest =
	    end == NULL ? octets : cs_span_of(octets.data + 1, octets.len - 1);
	struct cs_arena *arena = cs_arena_new();
	const struct dkim_signature *sigs;
	struct dkim_mail mail;
	struct cs_refusal why = { .code = NULL };

	if (dkim_mail_read(arena, rest, &mail, &why)) {
		check_mail(arena, &mail, rest);
		const size_t n = dkim_signatures_read(arena, &mail, &sigs);

		cs_assert(n <= DKIM_SIGNATURES_MAX);
		for (size_t i = 0; i < n; i++) {
			const char *missing;

			if (!dkim_covers(&mail, &sigs[i], true, &missing))
				cs_assert(missing != NULL && missing[0] != '\0');
			cs_assert(!dkim_verify(arena, &mail, &sigs[i], &key, 1,
			    INT64_C(1795900000000), DKIM_ALLOW_RSA_1024, &why));
			cs_assert(why.code != NULL && why.text != NULL);
		}
	}
	cs_arena_free(arena);
	return 0;
}
