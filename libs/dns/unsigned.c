/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/unsigned.h"

#include <string.h>

#include "dns/broken.h"

#define DS_OCTETS 4 /* key tag, algorithm, type of the digest; the digest follows (RFC 4034 5.1) */

/* ---- which names ---- */

static const char *
parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : NULL;
}

static bool
is_among(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
ends_path(const struct unsigned_path *path, const char *at)
{
	return path->top != NULL && strcmp(path->top, at) == 0;
}

bool
unsigned_names(struct cs_arena *arena, const struct unsigned_path *paths, size_t n,
    const char ***ret_names, size_t *ret_n)
{
	const char **names = CS_NEW_ARRAY(arena, UNSIGNED_MAX_ASKED, const char *);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		for (const char *at = paths[i].name; at != NULL;
		     at = ends_path(&paths[i], at) ? NULL : parent(at)) {
			if (is_among(names, len, at))
				continue;
			if (len == UNSIGNED_MAX_ASKED)
				return false;
			names[len++] = at;
		}
	}
	*ret_names = names;
	*ret_n = len;
	return true;
}

/* ---- what they say ---- */

static const char *
algorithm_name(uint8_t number)
{
	static const char *const names[] = { [1] = "RSAMD5",
		[3] = "DSA",
		[5] = "RSASHA1",
		[6] = "DSA-NSEC3-SHA1",
		[7] = "RSASHA1-NSEC3-SHA1",
		[8] = "RSASHA256",
		[10] = "RSASHA512",
		[12] = "ECC-GOST",
		[13] = "ECDSAP256SHA256",
		[14] = "ECDSAP384SHA384",
		[15] = "ED25519",
		[16] = "ED448" };

	return number < sizeof(names) / sizeof(names[0]) && names[number] != NULL ? names[number]
										  : "unknown";
}

/* "16 (ED448, digest 2)", each once. */
static const char *
algorithms(struct cs_arena *arena, const struct dns_answer *answer)
{
	const char **texts = CS_NEW_ARRAY(arena, answer->records_len, const char *);
	struct cs_buf buf = cs_buf_new(arena);
	size_t n = 0;

	for (size_t i = 0; i < answer->records_len; i++) {
		const struct cs_span rdata = answer->records[i].rdata;
		const char *text = "unreadable";

		if (rdata.len > DS_OCTETS)
			text = cs_arena_printf(arena, "%u (%s, digest %u)", rdata.data[2],
			    algorithm_name(rdata.data[2]), rdata.data[3]);
		if (is_among(texts, n, text))
			continue;
		cs_buf_printf(&buf, "%s%s", n > 0 ? ", " : "", text);
		texts[n++] = text;
	}
	return (const char *)cs_buf_span(&buf).data;
}

/* As libunbound 1.17 of Debian 12 can check them. */
static bool
can_check(struct cs_span rdata)
{
	static const uint8_t algorithms_known[] = { 5, 7, 8, 10, 13, 14, 15 };
	static const uint8_t digests_known[] = { 1, 2, 4 };

	return rdata.len > DS_OCTETS &&
	       memchr(algorithms_known, rdata.data[2], sizeof(algorithms_known)) != NULL &&
	       memchr(digests_known, rdata.data[3], sizeof(digests_known)) != NULL;
}

static bool
can_check_any(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->records_len; i++)
		if (can_check(answer->records[i].rdata))
			return true;
	return false;
}

static void
say_signed(struct cs_arena *arena, const char *zone, const struct dns_answer *answer,
    struct unsigned_decision *ret)
{
	if (can_check_any(answer))
		*ret = (struct unsigned_decision){ UNSIGNED_UNCHECKED, zone,
			cs_arena_printf(arena,
			    "the zone %s is signed, and yet nothing vouches for its answer: too many "
			    "NSEC3 iterations (RFC 9276)",
			    zone) };
	else
		*ret = (struct unsigned_decision){ UNSIGNED_UNSUPPORTED, zone,
			cs_arena_printf(arena,
			    "the zone %s is signed with algorithm %s, which this resolver cannot "
			    "check",
			    zone, algorithms(arena, answer)) };
}

static const struct unsigned_ds *
find(const struct unsigned_ds *ds, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(ds[i].name, name) == 0)
			return &ds[i];
	return NULL;
}

static void
say(struct unsigned_decision *ret, enum unsigned_finding finding, const char *zone,
    const char *text)
{
	*ret = (struct unsigned_decision){ finding, zone, text };
}

static bool
told(const struct unsigned_ds *ds)
{
	return ds != NULL && (ds->state == DNS_SECURE || ds->state == DNS_INSECURE) &&
	       ds->answer != NULL;
}

/*
 * From below: the first proved answer about DS records is about the last zone cut that is proved.  Has it
 * records, then the zone is signed, and only the resolver takes it for unsigned.  Insecure answers come
 * from below the cut; a name with an alias is no cut.
 */
static void
decide_path(struct cs_arena *arena, const struct unsigned_path *path, const struct unsigned_ds *all,
    size_t len, struct unsigned_decision *ret)
{
	say(ret, UNSIGNED_PROVED, "", "");
	for (const char *at = path->name; at != NULL;
	     at = ends_path(path, at) ? NULL : parent(at)) {
		const struct unsigned_ds *ds = find(all, len, at);

		if (ds != NULL && ds->state == DNS_BOGUS) {
			say(ret, UNSIGNED_BOGUS, at, dns_broken_text(arena, at, ds->why));
			return;
		}
		if (!told(ds)) {
			say(ret, UNSIGNED_UNKNOWN, at,
			    cs_arena_printf(
				arena, "%s (DS): %s", at, ds != NULL ? ds->why : "not looked up"));
			return;
		}
		if (ds->state != DNS_SECURE || ds->answer->aliases_len > 0)
			continue;
		if (ds->answer->records_len > 0)
			say_signed(arena, at, ds->answer, ret);
		return;
	}
}

void
unsigned_decide(struct cs_arena *arena, const struct unsigned_path *paths, size_t n,
    const struct unsigned_ds *ds, size_t ds_len, struct unsigned_decision *ret)
{
	struct unsigned_decision worst;

	say(&worst, UNSIGNED_PROVED, "", "");
	for (size_t i = 0; i < n; i++) {
		struct unsigned_decision one;

		decide_path(arena, &paths[i], ds, ds_len, &one);
		/* What is certain comes before what could not be found out. */
		if (one.finding != UNSIGNED_PROVED &&
		    (worst.finding == UNSIGNED_PROVED || one.finding < worst.finding))
			worst = one;
	}
	*ret = worst;
}
