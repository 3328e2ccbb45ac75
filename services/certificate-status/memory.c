/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <event2/event.h>
#include <string.h>

#include "answer.h"
#include "base/time.h"
#include "crls.h"
#include "store.h"

#define POLL_MS 250
#define AWAY_MS 2000
#define FORGET_SLOTS 256 /* of the index, looked at in each pass */

struct memory {
	struct status_service *status;
	struct status_index *index; /* owned */
	struct event *timer;
	struct store_cursor from;
	int64_t began_ms, oldest; /* of this pass: at its first page */
	int64_t known_ms;
	bool loaded, asking, in_pass;
	size_t reading;             /* CRLs that are on their way from the database */
	bool crls_seen, crl_missed; /* all that it had; one did not come this time */
};

static void
again_after(struct memory *memory, int64_t ms)
{
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	cs_assert(evtimer_add(memory->timer, &wait) == 0);
}

/* ---- CRLs ---- */

struct reading {
	struct cs_arena *arena;
	struct memory *memory;
	size_t authority;
	uint32_t partition;
};

static void
on_crl(void *arg, bool ok, uint32_t code, struct cs_span body)
{
	struct reading *reading = arg;
	struct memory *memory = reading->memory;
	struct cs_err err;

	memory->crl_missed |= !ok;
	if (--memory->reading == 0 && !memory->crl_missed)
		memory->crls_seen = true;
	if (ok && code == 200 &&
	    crls_adopt(memory->status, reading->authority, reading->partition, body, true,
		cs_now_ms(), &err) == CS_MALFORMED)
		log_error(svc_log(memory->status->svc), "crl of the database refused reason=\"%s\"",
		    err.text);
	cs_arena_free(reading->arena);
}

static void
read_crl(struct memory *memory, size_t authority, uint32_t partition)
{
	const char *label = memory->status->authorities.items[authority].label;
	const struct cs_id id = status_crl_key(label, partition);
	struct cs_arena *arena = cs_arena_new();
	struct reading *reading = CS_NEW(arena, struct reading);

	*reading = (struct reading){ arena, memory, authority, partition };
	memory->reading++;
	if (!svc_ask_store(memory->status->svc, store_read_crl, cs_span_of(&id, sizeof(id)), NULL,
		on_crl, reading)) {
		memory->reading--;
		memory->crl_missed = true;
		cs_arena_free(arena);
	}
}

static void
see_crls(struct memory *memory, const struct store_page *page)
{
	if (memory->reading > 0)
		return;
	memory->crl_missed = false;
	for (size_t i = 0; i < page->n_crls; i++) {
		const struct store_crl *row = &page->crls[i];
		const struct authority *found =
		    authority_find(&memory->status->authorities, row->issuer, strlen(row->issuer));

		if (found == NULL)
			continue;
		const size_t authority = (size_t)(found - memory->status->authorities.items);
		struct crl *crl = crls_find(memory->status, authority, row->partition);

		if (crl == NULL || crl->number < row->number)
			read_crl(memory, authority, row->partition);
		else if (crl->number == row->number)
			crl->stored = true;
	}
	memory->crls_seen |= memory->reading == 0 && !memory->crl_missed;
}

/* ---- certificates ---- */

void
memory_note(struct status_service *status, size_t authority, struct cs_span serial,
    const struct status_facts *said)
{
	struct status_index *index = status->memory->index;
	const struct status_facts both =
	    status_merge(status_index_find(index, (uint32_t)authority, serial), said);

	status_index_put(index, (uint32_t)authority, serial, &both);
}

static void
see_certificates(struct memory *memory, const struct store_page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		const struct store_certificate *row = &page->certificates[i];
		const struct authority *found =
		    authority_find(&memory->status->authorities, row->issuer, strlen(row->issuer));

		if (found == NULL)
			continue;
		const size_t authority = (size_t)(found - memory->status->authorities.items);
		memory_note(memory->status, authority, row->serial, &row->facts);
		if (memory->loaded && memory->status->sign_ahead)
			answer_ahead(memory->status, authority, row->serial);
	}
}

/* False: the database counts transactions from an earlier number, so it was put back. */
static bool
begin_pass(struct memory *memory, const struct store_page *page)
{
	if (memory->in_pass)
		return true;
	memory->oldest = page->oldest;
	memory->in_pass = true;
	return page->oldest >= memory->from.changed;
}

static void
end_pass(struct memory *memory)
{
	const struct status_service *status = memory->status;

	if (!memory->loaded)
		log_info(svc_log(status->svc), "memory loaded certificates=%zu",
		    status_index_count(memory->index));
	memory->loaded = true;
	memory->known_ms = memory->began_ms;
	memory->in_pass = false;
	/* Just before the first row of that transaction: no id is zero. */
	memory->from = (struct store_cursor){ .changed = memory->oldest };
	status_index_forget(
	    memory->index, cs_now_ms() - status->keep_days * CS_DAY_MS, FORGET_SLOTS);
}

static void
on_page(void *arg, bool ok, uint32_t code, struct cs_span body)
{
	struct memory *memory = arg;
	struct store_page page;

	memory->asking = false;
	if (!ok || code != 200) {
		again_after(memory, AWAY_MS);
		return;
	}
	memcpy(&page, body.data, sizeof(page));
	if (!begin_pass(memory, &page)) {
		memory->from = (struct store_cursor){ 0 };
		memory->in_pass = false;
		again_after(memory, 0);
		return;
	}
	see_certificates(memory, &page);
	if (page.more)
		memory->from = page.next;
	else
		end_pass(memory);
	if (memory->loaded)
		see_crls(memory, &page);
	again_after(memory, page.more ? 0 : POLL_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct memory *memory = arg;

	(void)fd;
	(void)what;
	if (memory->asking)
		return;
	if (!memory->in_pass)
		memory->began_ms = cs_now_ms();
	memory->asking = svc_ask_store(memory->status->svc, store_read_page,
	    cs_span_of(&memory->from, sizeof(memory->from)), NULL, on_page, memory);
	if (!memory->asking)
		again_after(memory, AWAY_MS);
}

struct memory *
memory_open(struct status_service *status)
{
	struct memory *memory = CS_NEW(status->arena, struct memory);

	memory->status = status;
	memory->index = status_index_new((size_t)status->answers_mib << 20);
	memory->timer = evtimer_new(svc_base(status->svc), on_timer, memory);
	cs_assert(memory->timer != NULL);
	again_after(memory, 0);
	return memory;
}

void
memory_close(struct memory *memory)
{
	if (memory == NULL)
		return;
	event_free(memory->timer);
	status_index_free(memory->index);
}

struct status_index *
memory_index(const struct memory *memory)
{
	return memory->index;
}

/* Certificates and lists: what a list alone says is revoked is never good, not even for the first moment. */
bool
memory_is_loaded(const struct memory *memory)
{
	return memory->loaded && memory->crls_seen;
}

int64_t
memory_known_s(const struct memory *memory)
{
	return memory->known_ms / 1000;
}
