/* SPDX-License-Identifier: Apache-2.0 */
#include "crls.h"

#include <string.h>

#include "memory.h"
#include "pki/crl.h"
#include "store.h"
#include "wire.h"

#define FUTURE_S 5 /* that another clock may be ahead */

struct crl *
crls_find(const struct status_service *status, size_t authority, uint32_t partition)
{
	return partition <= STATUS_PARTITIONS_MAX ? status->desks[authority].crls[partition] : NULL;
}

static const char *
crl_fault(
    const struct authority *authority, uint32_t partition, const struct pki_crl *crl, int64_t now_s)
{
	if (!pki_crl_signed_by(crl, &authority->ca))
		return "the CA did not sign it";
	if ((crl->urls != NULL) != (partition != 0))
		return "it is a partition's, or it is not";
	for (const char *const *url = crl->urls; url != NULL && *url != NULL; url++)
		if (!status_url_is_of(*url, authority->label, partition))
			return "it is of another partition";
	if (crl->this_update_s > now_s + FUTURE_S)
		return "it is from the future";
	if (crl->next_update_s <= crl->this_update_s)
		return "it ends before it begins";
	return NULL;
}

/* A restart, or a bus that lost what it had, must not make good again what the CA says is revoked. */
static void
note_entries(struct status_service *status, size_t authority, const struct pki_crl *crl)
{
	for (size_t i = 0; i < crl->n; i++) {
		const struct status_facts said = { .revoked = true,
			.reason = crl->entries[i].reason,
			.revoked_at_ms = crl->entries[i].revoked_at_s * 1000 };

		memory_note(status, authority, crl->entries[i].serial, &said);
	}
}

static struct crl *
crl_new(const struct pki_crl *crl, uint32_t partition, bool stored)
{
	struct cs_arena *arena = cs_arena_new();
	struct crl *kept = CS_NEW(arena, struct crl);

	*kept = (struct crl){ .arena = arena,
		.partition = partition,
		.number = (int64_t)crl->number,
		.times = { crl->this_update_s, crl->next_update_s },
		.entries = crl->n,
		.der = cs_arena_copy_span(arena, crl->der),
		.stored = stored };
	tag_of(kept->der, kept->tag);
	return kept;
}

static enum cs_code
adopt(struct status_service *status, size_t authority, uint32_t partition,
    const struct pki_crl *crl, bool stored)
{
	struct crl **at = &status->desks[authority].crls[partition];

	note_entries(status, authority, crl);
	if (*at != NULL)
		cs_arena_free((*at)->arena);
	*at = crl_new(crl, partition, stored);
	log_info(svc_log(status->svc), "crl served issuer=%s partition=%u number=%lld entries=%zu",
	    status->authorities.items[authority].label, (unsigned)partition, (long long)crl->number,
	    crl->n);
	return CS_OK;
}

static enum cs_code
judge(struct status_service *status, size_t authority, uint32_t partition,
    const struct pki_crl *crl, int64_t now_ms, struct cs_err *err)
{
	const struct authority *of = &status->authorities.items[authority];
	const struct crl *old = crls_find(status, authority, partition);
	const char *why = crl_fault(of, partition, crl, now_ms / 1000);

	if (why != NULL)
		return cs_fail(err, CS_MALFORMED, "CRL of %s, partition %u: %s", of->label,
		    (unsigned)partition, why);
	if (crl->number > INT64_MAX || (old != NULL && (int64_t)crl->number <= old->number))
		return cs_fail(err, CS_CONFLICT,
		    "CRL of %s, partition %u: its number does not rise", of->label,
		    (unsigned)partition);
	return CS_OK;
}

enum cs_code
crls_adopt(struct status_service *status, size_t authority, uint32_t partition, struct cs_span der,
    bool stored, int64_t now_ms, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new(); /* of the entries: they stay in the index alone */
	struct pki_crl crl;
	enum cs_code code = pki_crl_read(arena, der, &crl, err);

	if (code == CS_OK)
		code = judge(status, authority, partition, &crl, now_ms, err);
	if (code == CS_OK)
		code = adopt(status, authority, partition, &crl, stored);
	cs_arena_free(arena);
	return code;
}

/* ---- into the database ---- */

struct storing {
	struct cs_arena *arena;
	struct status_service *status;
	size_t authority;
	uint32_t partition;
	int64_t number;
};

static void
on_stored(void *arg, bool ok, uint32_t code, struct cs_span body)
{
	struct storing *storing = arg;
	struct crl *crl = crls_find(storing->status, storing->authority, storing->partition);

	(void)code;
	(void)body;
	if (ok && crl != NULL && crl->number == storing->number)
		crl->stored = true;
	cs_arena_free(storing->arena);
}

static void
store_one(struct status_service *status, size_t authority, const struct crl *crl)
{
	const char *label = status->authorities.items[authority].label;
	struct cs_arena *arena = cs_arena_new();
	struct storing *storing = CS_NEW(arena, struct storing);
	const struct wire_fetched fetched = { label, crl->partition, crl->number, crl->der };

	*storing = (struct storing){ arena, status, authority, crl->partition, crl->number };
	if (!svc_command(status->svc, "status.crl", status_crl_key(label, crl->partition),
		wire_write_fetched(arena, &fetched), NULL, on_stored, storing))
		cs_arena_free(arena);
}

void
crls_store(struct status_service *status)
{
	for (size_t i = 0; i < status->authorities.n; i++)
		for (uint32_t p = 0; p <= STATUS_PARTITIONS_MAX; p++) {
			const struct crl *crl = crls_find(status, i, p);

			if (crl != NULL && !crl->stored)
				store_one(status, i, crl);
		}
}
