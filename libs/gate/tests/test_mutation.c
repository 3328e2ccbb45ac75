/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mutation.c: what happens to octets that were altered before they are signed?  The elements of a
 * certificate of each profile are taken apart, one of them is altered in every way that is listed below, and
 * all is put together again with right lengths.  Either the lints stop it, or the field is one of which no
 * reader of a certificate alone can know what it should be; of those the list below is exact, and there
 * the gate's comparison with the octets that the verdict leads to is what notices.
 */
#include <stdio.h>
#include <string.h>

#include "fake_certs.h"
#include "pki/der.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum kind {
	BIT,       /* one bit of the contents */
	TAG,       /* one bit of the tag */
	REMOVED,   /* the element is not there */
	TWICE,     /* it is there twice */
	SWAPPED,   /* it stands after the one behind it */
	SHORTENED, /* the last octet of the contents is not there */
	LONGER,    /* another octet after the contents */
	CRITICAL,  /* an extension that was critical is not, or the reverse */
	KINDS
};
static const char *const kind_names[KINDS] = { "a bit", "the tag", "removed", "twice", "swapped",
	"shortened", "longer", "criticality" };

enum field {
	WHOLE,
	VERSION,
	SERIAL,
	SIGALG,
	ISSUER,
	VALIDITY,
	SUBJECT,
	KEY,
	LIST, /* of extensions */
	EXTENSION,
	FIELDS = EXTENSION + SMIME_EXTENSIONS
};

struct node {
	uint8_t tag;
	struct cs_span body;
	struct node *items; /* elements inside; NULL: a leaf */
	size_t n;
	enum field field;
	bool is_extension; /* the SEQUENCE of one */
};

struct mutation {
	enum kind kind;
	const struct node *node;
	size_t at; /* number of the bit */
};

struct run {
	struct certs *certs;
	struct cs_arena *arena; /* of one mutation */
	struct pki_lint_profile lint;
	const struct gate_verdict *v;
	struct cs_span good;
	const struct node *root;
	size_t done, stopped;
	size_t passed[FIELDS][KINDS];
};

/* ---- apart and together ---- */

static enum field
field_of_extension(const struct node *extension)
{
	for (int i = 0; i < SMIME_EXTENSIONS; i++)
		if (pki_der_oid_is(
			extension->items[0].body, smime_extension_oid((enum smime_extension)i)))
			return (enum field)(EXTENSION + i);
	fail_msg("an extension that no profile has");
	return LIST;
}

static void
set_field(struct node *node, enum field field)
{
	node->field = field;
	for (size_t i = 0; i < node->n; i++)
		set_field(&node->items[i], field);
}

static void
take_apart(struct cs_arena *arena, struct node *node)
{
	struct cs_span in = node->body;
	const bool wraps = node->tag == PKI_OCTET_STRING && pki_der_check(node->body, NULL, NULL);

	if ((node->tag & 0x20) == 0 && !wraps)
		return;
	node->items = CS_NEW_ARRAY(arena, 64, struct node);
	while (in.len > 0) {
		struct pki_element element;

		assert_true(pki_der_next(&in, &element) && node->n < 64);
		struct node *item = &node->items[node->n++];
		*item = (struct node){ .tag = element.tag, .body = element.body };
		take_apart(arena, item);
	}
}

static struct node *
read_tbs(struct cs_arena *arena, struct cs_span tbs)
{
	struct node *root = CS_NEW(arena, struct node);
	struct pki_element element;

	assert_true(pki_der_next(&tbs, &element));
	*root = (struct node){ .tag = element.tag, .body = element.body };
	take_apart(arena, root);
	assert_int_equal(root->n, 8);
	for (size_t i = 0; i < root->n; i++)
		set_field(&root->items[i], (enum field)(VERSION + i));
	struct node *list = &root->items[7].items[0];
	for (size_t i = 0; i < list->n; i++) {
		set_field(&list->items[i], field_of_extension(&list->items[i]));
		list->items[i].is_extension = true;
	}
	return root;
}

static void put(struct cs_buf *out, const struct node *node, const struct mutation *m);

static void
put_items(struct cs_buf *out, const struct node *node, const struct mutation *m)
{
	for (size_t i = 0; i < node->n; i++) {
		const struct node *item = &node->items[i];
		const bool here = item == m->node;

		if (here && m->kind == REMOVED)
			continue;
		if (here && m->kind == SWAPPED && i + 1 < node->n) {
			put(out, &node->items[++i], m);
			put(out, item, m);
			continue;
		}
		put(out, item, m);
		if (here && m->kind == TWICE)
			put(out, item, m);
	}
}

/* An extension with a BOOLEAN more or less behind its type. */
static void
put_turned(struct cs_buf *out, const struct node *extension, const struct mutation *m)
{
	const bool critical = extension->items[1].tag == PKI_BOOLEAN;
	const struct node *items = extension->items;

	put(out, &items[0], m);
	if (!critical)
		pki_der_put_bool(out, true);
	put(out, &items[critical ? 2 : 1], m);
}

static void
put_leaf(struct cs_buf *out, const struct node *node, const struct mutation *m)
{
	const uint8_t zero = 0x61;
	struct cs_span body = node->body;

	if (node != m->node || node->n > 0) {
		cs_buf_add_span(out, body);
		return;
	}
	if (m->kind == SHORTENED)
		body.len--;
	const size_t start = out->len;
	cs_buf_add_span(out, body);
	if (m->kind == LONGER)
		cs_buf_add(out, &zero, 1);
	if (m->kind == BIT)
		out->data[start + m->at / 8] ^= (uint8_t)(1u << (m->at % 8));
}

static void
put(struct cs_buf *out, const struct node *node, const struct mutation *m)
{
	const bool here = node == m->node;
	const size_t start = out->len, mark = pki_der_begin(out, node->tag);

	if (here && m->kind == CRITICAL)
		put_turned(out, node, m);
	else if (node->items != NULL)
		put_items(out, node, m);
	else
		put_leaf(out, node, m);
	pki_der_end(out, mark);
	if (here && m->kind == TAG)
		out->data[start] ^= (uint8_t)(1u << m->at);
}

/* ---- one after the other ---- */

static void
try(struct run *run, const struct mutation *m)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf out = cs_buf_new(arena);

	put(&out, run->root, m);
	const struct cs_span octets = cs_buf_span(&out);
	if (!cs_span_equal(octets, run->good)) {
		run->done++;
		if (pki_lint(arena, octets, &run->lint, CERTS_NOW / 1000).errors > 0)
			run->stopped++;
		else
			run->passed[m->node->field][m->kind]++;
	}
	cs_arena_free(arena);
}

static void
try_all(struct run *run, const struct node *node, bool last)
{
	for (size_t bit = 0; bit < 8; bit++)
		try(run, &(struct mutation){ TAG, node, bit });
	if (node != run->root) {
		try(run, &(struct mutation){ REMOVED, node, 0 });
		try(run, &(struct mutation){ TWICE, node, 0 });
		if (!last)
			try(run, &(struct mutation){ SWAPPED, node, 0 });
	}
	if (node->is_extension)
		try(run, &(struct mutation){ CRITICAL, node, 0 });
	for (size_t i = 0; i < node->n; i++)
		try_all(run, &node->items[i], i + 1 == node->n);
	if (node->items != NULL)
		return;
	for (size_t bit = 0; bit < node->body.len * 8; bit++)
		try(run, &(struct mutation){ BIT, node, bit });
	if (node->body.len > 0)
		try(run, &(struct mutation){ SHORTENED, node, 0 });
	try(run, &(struct mutation){ LONGER, node, 0 });
}

/*
 * What no reader of the certificate alone can know: which serial number was chosen, when within the limits it
 * begins and ends, which person, organization, mailbox and host was proved, and where the CA keeps its lists.
 */
#define BITS(kind) (1u << (kind))
#define TEXT (BITS(BIT) | BITS(SHORTENED) | BITS(LONGER))
static const unsigned unknowable[FIELDS] = {
	[SERIAL] = TEXT,
	[VALIDITY] = BITS(BIT),
	[SUBJECT] = TEXT | BITS(REMOVED) | BITS(SWAPPED),
	[EXTENSION + SMIME_EXT_SAN] = TEXT | BITS(REMOVED) | BITS(SWAPPED),
	[EXTENSION + SMIME_EXT_CRL] = TEXT | BITS(TWICE),
	[EXTENSION + SMIME_EXT_AIA] = TEXT | BITS(TWICE) | BITS(REMOVED) | BITS(SWAPPED),
};

static void
judge(const struct run *run, size_t total[FIELDS][KINDS])
{
	for (int field = 0; field < FIELDS; field++)
		for (int kind = 0; kind < KINDS; kind++) {
			total[field][kind] += run->passed[field][kind];
			if (run->passed[field][kind] > 0 && (unknowable[field] & BITS(kind)) == 0)
				fail_msg("%s: %zu times: field %d %s, %s", run->v->profile->name,
				    run->passed[field][kind], field,
				    field >= EXTENSION
					? smime_extension_name(
					      (enum smime_extension)(field - EXTENSION))
					: "",
				    kind_names[kind]);
		}
}

static void
alter_all(struct certs *certs, const struct smime_profile *profile, const struct certs_key *key,
    enum certs_identity identity, size_t total[FIELDS][KINDS])
{
	struct run run = { .certs = certs };
	struct gate_verdict v;

	certs_verdict(certs, profile, key, CLAIM_SIGNING, identity, &v);
	run.v = &v;
	run.good = certs_tbs(certs, &v);
	run.lint = gate_lint_profile(certs->arena, profile, &certs->ca);
	run.lint.wanted_key_usage = gate_key_usage(&v);
	run.root = read_tbs(certs->arena, run.good);
	/* The gate's own comparison: the same verdict leads to the same octets, so others differ. */
	assert_true(cs_span_equal(run.good, certs_tbs(certs, &v)));
	try_all(&run, run.root, true);
	assert_true(run.done > run.good.len * 6);
	judge(&run, total);
	print_message("%s, %s: %zu altered, the lints stop %zu, the comparison the other %zu\n",
	    profile->name, key->name, run.done, run.stopped, run.done - run.stopped);
}

static void
nothing_altered_is_signed(void **state)
{
	static size_t total[FIELDS][KINDS];
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);

	/* Every profile with a key of EC; other kinds of keys and of identity with one profile each. */
	for (size_t i = 0; i < n; i++)
		alter_all(*state, &profiles[i], &certs_keys[3], CERTS_NAMED, total);
	alter_all(
	    *state, smime_profile_find("sponsor-strict"), &certs_keys[0], CERTS_PSEUDONYM, total);
	alter_all(
	    *state, smime_profile_find("organization-strict"), &certs_keys[5], CERTS_SHORT, total);
	alter_all(*state, smime_profile_find("private-person"), &certs_keys[6], CERTS_SHORT, total);
	/* The list is exact: nothing is on it that the lints do know. */
	for (int field = 0; field < FIELDS; field++)
		for (int kind = 0; kind < KINDS; kind++)
			if ((unknowable[field] & BITS(kind)) != 0 && total[field][kind] == 0)
				fail_msg("field %d, %s: always noticed", field, kind_names[kind]);
}

/* Lengths that lie: each octet of a certificate, all of its bits. */
static void
no_octet_is_free_but_those_of_the_list(void **state)
{
	struct certs *certs = *state;
	struct gate_verdict v;

	certs_verdict(certs, smime_profile_find("sponsor-strict"), &certs_keys[3], CLAIM_SIGNING,
	    CERTS_NAMED, &v);
	const struct cs_span good = certs_tbs(certs, &v);
	const struct pki_lint_profile lint = gate_lint_profile(certs->arena, v.profile, &certs->ca);
	const struct node *root = read_tbs(certs->arena, good);
	uint8_t *octets = (uint8_t *)(uintptr_t)cs_arena_copy_span(certs->arena, good).data;
	struct run run = { .certs = certs, .lint = lint, .v = &v, .good = good, .root = root };
	size_t by_tree, by_octet = 0;

	run.lint.wanted_key_usage = gate_key_usage(&v);
	try_all(&run, root, true);
	by_tree = 0;
	for (int field = 0; field < FIELDS; field++)
		by_tree += run.passed[field][BIT] + run.passed[field][TAG];
	for (size_t bit = 0; bit < good.len * 8; bit++) {
		struct cs_arena *arena = cs_arena_new();

		octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		by_octet +=
		    pki_lint(arena, cs_span_of(octets, good.len), &run.lint, CERTS_NOW / 1000)
			.errors == 0;
		octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		cs_arena_free(arena);
	}
	assert_int_equal(by_octet, by_tree); /* so no length is among them */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_altered_is_signed),
		cmocka_unit_test(no_octet_is_free_but_those_of_the_list),
	};

	return cmocka_run_group_tests(tests, certs_open, certs_close);
}
