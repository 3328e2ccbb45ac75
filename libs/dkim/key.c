/* SPDX-License-Identifier: Apache-2.0 */
#include "dkim/key.h"

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *clause, const char *text)
{
	return cs_refuse(
	    ret_why, (struct cs_refusal){ .code = code,
			 .field = "key",
			 .clause = clause,
			 .text = text,
			 .mend = "publish one DKIM key at this name, for this algorithm" });
}

/* 3.6.1: v= comes first where it is there at all; without it p= tells a key from other records. */
static bool
is_key(const struct dkim_tags *tags)
{
	const struct dkim_tag *v = dkim_tags_find(tags, "v");

	if (v != NULL)
		return v == &tags->tags[0] && cs_span_is(v->value, "DKIM1");
	return dkim_tags_find(tags, "p") != NULL;
}

static bool
may_serve_mail(const struct dkim_tags *tags)
{
	const struct dkim_tag *s = dkim_tags_find(tags, "s");
	const struct dkim_tag *h = dkim_tags_find(tags, "h");

	return (s == NULL || dkim_tag_lists(s->value, "*") || dkim_tag_lists(s->value, "email")) &&
	       (h == NULL || dkim_tag_lists(h->value, "sha256"));
}

static bool
read_key(struct cs_arena *arena, const struct dkim_tags *tags, enum dkim_algorithm algorithm,
    struct dkim_key *ret_key, struct cs_refusal *ret_why)
{
	const struct dkim_tag *k = dkim_tags_find(tags, "k"), *t = dkim_tags_find(tags, "t");
	const struct dkim_tag *p = dkim_tags_find(tags, "p");
	struct dkim_key key = { .is_ed25519 = k != NULL && cs_span_is(k->value, "ed25519") };

	if (p == NULL)
		return refuse(ret_why, "dkim-key", "RFC 6376 3.6.1", "the key record has no key");
	if (p->value.len == 0)
		return refuse(ret_why, "dkim-key-revoked", "RFC 6376 3.6.1", "the key was revoked");
	if (!key.is_ed25519 && k != NULL && !cs_span_is(k->value, "rsa"))
		return refuse(ret_why, "dkim-key-algorithm", "RFC 6376 3.6.1",
		    "the key is of a kind that is not known");
	if (key.is_ed25519 != (algorithm == DKIM_ED25519_SHA256) || !may_serve_mail(tags))
		return refuse(ret_why, "dkim-key-algorithm", "RFC 6376 6.1.2",
		    "the key is not for signatures of this kind");
	if (t != NULL && dkim_tag_lists(t->value, "y"))
		return refuse(ret_why, "dkim-key-testing", "RFC 6376 3.6.1",
		    "the domain is only testing this key (t=y)");
	key.exact_identity = t != NULL && dkim_tag_lists(t->value, "s");
	if (!dkim_tag_base64(arena, p->value, &key.public_key))
		return refuse(ret_why, "dkim-key", "RFC 6376 3.6.1", "the key is not base64");
	*ret_key = key;
	return true;
}

bool
dkim_key_find(struct cs_arena *arena, const struct cs_span *texts, size_t len,
    enum dkim_algorithm algorithm, struct dkim_key *ret_key, struct cs_refusal *ret_why)
{
	struct dkim_tags tags, found;
	size_t n = 0;

	if (len > DKIM_KEYS_MAX)
		return refuse(ret_why, "dkim-key-many", "RFC 6376 3.6.2.2",
		    "there are too many records at the name of the key");
	for (size_t i = 0; i < len; i++) {
		if (texts[i].len > DKIM_KEY_MAX || !dkim_tags_read(texts[i], &tags) ||
		    !is_key(&tags))
			continue;
		found = tags;
		n++;
	}
	if (n == 0)
		return refuse(
		    ret_why, "dkim-no-key", "RFC 6376 6.1.2", "the domain publishes no such key");
	if (n > 1)
		return refuse(ret_why, "dkim-key-many", "RFC 6376 3.6.2.2",
		    "the domain publishes more than one key at this name");
	return read_key(arena, &found, algorithm, ret_key, ret_why);
}
