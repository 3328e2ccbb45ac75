/* SPDX-License-Identifier: Apache-2.0 */
#include "relays.h"

#include <string.h>

#include "pki/hash.h"
#include "pki/seal.h"

/* One open relay; a connector that was changed is another one, and the old one ends with its last mail. */
struct slot {
	struct cs_arena *arena; /* of its texts; NULL: free */
	const char *enterprise, *name, *from;
	uint64_t version;
	struct smtp *smtp;
	uint64_t used; /* larger: later */
};

struct relays {
	struct cs_arena *arena; /* holds this struct */
	struct event_base *base;
	struct relays_settings settings;
	struct smtp *own;
	struct slot slots[RELAYS_MAX];
	uint64_t uses;
};

enum cs_code
relays_new(struct event_base *base, const struct relays_settings *settings, struct relays **ret,
    struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct relays *relays = CS_NEW(arena, struct relays);

	*relays = (struct relays){ .arena = arena, .base = base, .settings = *settings };
	if (smtp_open(base, &settings->own, &relays->own, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	*ret = relays;
	return CS_OK;
}

static void
close_slot(struct slot *slot)
{
	smtp_close(slot->smtp);
	if (slot->arena != NULL)
		cs_arena_free(slot->arena);
	*slot = (struct slot){ 0 };
}

void
relays_free(struct relays *relays)
{
	if (relays == NULL)
		return;
	for (size_t i = 0; i < RELAYS_MAX; i++)
		close_slot(&relays->slots[i]);
	smtp_close(relays->own);
	cs_arena_free(relays->arena);
}

static bool
is_idle(const struct slot *slot)
{
	return slot->arena != NULL && smtp_waiting(slot->smtp) == 0;
}

/* Its connector is there in this version. */
static bool
is_current(const struct relays *relays, const struct slot *slot)
{
	const struct connector_entry *entry =
	    connector_book_get(relays->settings.book, slot->enterprise, slot->name);

	return entry != NULL && entry->version == slot->version;
}

static void
close_outdated(struct relays *relays)
{
	for (size_t i = 0; i < RELAYS_MAX; i++)
		if (is_idle(&relays->slots[i]) && !is_current(relays, &relays->slots[i]))
			close_slot(&relays->slots[i]);
}

/* A free one, else the one that was not used for longest; NULL: all have mails under way. */
static struct slot *
make_room(struct relays *relays)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < RELAYS_MAX; i++) {
		struct slot *slot = &relays->slots[i];

		if (slot->arena == NULL)
			return slot;
		if (is_idle(slot) && (oldest == NULL || slot->used < oldest->used))
			oldest = slot;
	}
	if (oldest != NULL)
		close_slot(oldest);
	return oldest;
}

static struct slot *
find(struct relays *relays, const struct connector_entry *entry)
{
	for (size_t i = 0; i < RELAYS_MAX; i++) {
		struct slot *slot = &relays->slots[i];

		if (slot->arena != NULL && slot->version == entry->version &&
		    strcmp(slot->enterprise, entry->connector.enterprise) == 0 &&
		    strcmp(slot->name, entry->connector.name) == 0)
			return slot;
	}
	return NULL;
}

/* Nobody but the platform leads us to inner addresses, and no password goes in clear. */
static enum cs_code
open_relay(const struct relays *relays, const struct connector *connector, const char *password,
    struct smtp **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct connector_url url;
	enum cs_code code = CS_OK;

	if (!connector_url_parse(arena, connector->endpoint, &url))
		code = cs_fail(err, CS_MALFORMED, "connector %s/%s: its endpoint is no URL",
		    connector->enterprise, connector->name);
	if (code == CS_OK) {
		const bool near = relays->settings.test_mode && connector_url_is_loopback(&url);
		const struct smtp_settings settings = {
			.url = connector->endpoint,
			.from = connector->from,
			.ca_file = relays->settings.connector_ca_file,
			.starttls = strcmp(url.scheme, "smtp") == 0 && (!near || password != NULL),
			.user = password != NULL ? connector->username : NULL,
			.password = password,
			.public_only = !near && strcmp(connector->enterprise, CLAIM_PLATFORM) != 0,
		};
		code = smtp_open(relays->base, &settings, ret, err);
	}
	cs_arena_free(arena);
	return code;
}

static enum cs_code
open_with_secret(const struct relays *relays, const struct connector *connector, struct smtp **ret,
    struct cs_err *err)
{
	char secret[CONNECTOR_SECRET_MAX + 1];

	if (connector->sealed[0] == '\0')
		return open_relay(relays, connector, NULL, ret, err);
	enum cs_code code = connector_unseal(connector, relays->settings.key, secret, err);

	if (code == CS_OK)
		code = open_relay(relays, connector, secret, ret, err);
	pki_wipe(secret, sizeof(secret));
	return code;
}

static enum cs_code
open_slot(struct relays *relays, const struct connector_entry *entry, struct slot **ret,
    struct cs_err *err)
{
	struct slot *slot = make_room(relays);
	struct smtp *smtp;

	if (slot == NULL)
		return cs_fail(err, CS_UNAVAILABLE, "%d relays are busy", RELAYS_MAX);
	if (open_with_secret(relays, &entry->connector, &smtp, err))
		return CS_MALFORMED;
	struct cs_arena *arena = cs_arena_new();

	*slot = (struct slot){ .arena = arena,
		.enterprise = cs_arena_strdup(arena, entry->connector.enterprise),
		.name = cs_arena_strdup(arena, entry->connector.name),
		.from = cs_arena_strdup(arena, entry->connector.from),
		.version = entry->version,
		.smtp = smtp };
	*ret = slot;
	return CS_OK;
}

enum cs_code
relays_of(struct relays *relays, const struct connector_entry *entry, struct relay *ret,
    struct cs_err *err)
{
	close_outdated(relays);
	struct slot *slot = find(relays, entry);

	if (slot == NULL && open_slot(relays, entry, &slot, err))
		return err->code;
	slot->used = ++relays->uses;
	*ret = (struct relay){ slot->smtp, slot->from };
	return CS_OK;
}

enum cs_code
relays_for(struct relays *relays, const char *enterprise, struct relay *ret, struct cs_err *err)
{
	const struct connector_entry *entry =
	    connector_book_find(relays->settings.book, enterprise, CONNECTOR_SMTP);

	if (entry != NULL)
		return relays_of(relays, entry, ret, err);
	*ret = (struct relay){ relays->own, relays->settings.own.from };
	return CS_OK;
}
