/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/book.h"

#include <stdlib.h>
#include <string.h>

struct page {
	struct page *next;      /* sorted by enterprise and name */
	struct cs_arena *arena; /* holds this page */
	const char *enterprise, *name;
	struct connector_entry entry;
	bool deleted;
};

struct connector_book {
	const struct claim_trust *trust;
	struct page *first;
	size_t n;
};

struct connector_book *
connector_book_new(const struct claim_trust *trust)
{
	struct connector_book *book = calloc(1, sizeof(*book));

	cs_assert(book != NULL);
	book->trust = trust;
	return book;
}

void
connector_book_free(struct connector_book *book)
{
	if (book == NULL)
		return;
	for (struct page *page = book->first, *next; page != NULL; page = next) {
		next = page->next;
		cs_arena_free(page->arena);
	}
	free(book);
}

/* ---- being told ---- */

static int
compare(const struct page *page, const char *enterprise, const char *name)
{
	const int order = strcmp(page->enterprise, enterprise);

	return order != 0 ? order : strcmp(page->name, name);
}

/* Where it is, or would be. */
static struct page **
place_of(struct connector_book *book, const char *enterprise, const char *name)
{
	struct page **place = &book->first;

	while (*place != NULL && compare(*place, enterprise, name) < 0)
		place = &(*place)->next;
	return place;
}

static bool
is_there(const struct page *page, const char *enterprise, const char *name)
{
	return page != NULL && compare(page, enterprise, name) == 0;
}

/* A page of its own memory, so that the one it replaces can go. */
static enum cs_code
write_page(const struct claim_setting *setting, struct page **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct page *page = CS_NEW(arena, struct page);
	enum cs_code code = CS_OK;

	*page = (struct page){ .arena = arena,
		.enterprise = cs_arena_strdup(arena, setting->enterprise),
		.name = cs_arena_strdup(arena, setting->name),
		.deleted = setting->deleted };
	page->entry.version = setting->version;
	if (!setting->deleted)
		code = connector_read(arena, page->enterprise, page->name, setting->spec,
		    &page->entry.connector, err);
	if (code == CS_OK)
		*ret = page;
	else
		cs_arena_free(arena);
	return code;
}

static enum cs_code
put_page(struct connector_book *book, struct page **place, bool replaces,
    const struct claim_setting *setting, struct cs_err *err)
{
	struct page *page;

	if (!replaces && book->n == CONNECTOR_BOOK_MAX)
		return cs_fail(err, CS_MALFORMED, "more than %d connectors", CONNECTOR_BOOK_MAX);
	if (write_page(setting, &page, err))
		return err->code;
	page->next = replaces ? (*place)->next : *place;
	if (replaces)
		cs_arena_free((*place)->arena);
	else
		book->n++;
	*place = page;
	return CS_OK;
}

enum cs_code
connector_book_tell(struct connector_book *book, struct cs_arena *arena, struct cs_span body,
    int64_t now_ms, enum connector_news *ret_news, const char **ret_name, struct cs_err *err)
{
	struct claim_setting setting;

	if (claim_open_setting(arena, book->trust, body, now_ms, &setting, err))
		return err->code;
	if (strcmp(setting.kind, "connector") != 0)
		return cs_fail(err, CS_MALFORMED, "a setting of kind %.40s", setting.kind);
	struct page **place = place_of(book, setting.enterprise, setting.name);
	const bool replaces = is_there(*place, setting.enterprise, setting.name);

	if (ret_name != NULL)
		*ret_name = cs_arena_printf(arena, "%s/%s", setting.enterprise, setting.name);
	*ret_news = CONNECTOR_OLD;
	if (replaces && (*place)->entry.version >= setting.version)
		return CS_OK;
	if (put_page(book, place, replaces, &setting, err))
		return err->code;
	*ret_news = CONNECTOR_CHANGED;
	return CS_OK;
}

/* ---- looking up ---- */

const struct connector_entry *
connector_book_get(const struct connector_book *book, const char *enterprise, const char *name)
{
	for (const struct page *page = book->first; page != NULL; page = page->next)
		if (is_there(page, enterprise, name) && !page->deleted)
			return &page->entry;
	return NULL;
}

static bool
is_of(const struct page *page, const char *enterprise, enum connector_type type)
{
	return !page->deleted && page->entry.connector.type == type &&
	       strcmp(page->enterprise, enterprise) == 0;
}

static bool
serves(const struct page *page, const char *enterprise, enum connector_type type)
{
	return is_of(page, enterprise, type) && page->entry.connector.active;
}

static const struct connector_entry *
first_of(const struct connector_book *book, const char *enterprise, enum connector_type type)
{
	for (const struct page *page = book->first; page != NULL; page = page->next)
		if (serves(page, enterprise, type))
			return &page->entry;
	return NULL;
}

/* Active or not. */
static bool
has_own(const struct connector_book *book, const char *enterprise, enum connector_type type)
{
	for (const struct page *page = book->first; page != NULL; page = page->next)
		if (is_of(page, enterprise, type))
			return true;
	return false;
}

const struct connector_entry *
connector_book_find(
    const struct connector_book *book, const char *enterprise, enum connector_type type)
{
	const struct connector_entry *own = first_of(book, enterprise, type);

	if (own != NULL || (connector_names_people(type) && has_own(book, enterprise, type)))
		return own;
	return first_of(book, CLAIM_PLATFORM, type);
}

static bool
is_of_rounds(const struct page *page, const char *enterprise, bool outside)
{
	return (serves(page, enterprise, CONNECTOR_OPEN_MPIC) ||
		   serves(page, CLAIM_PLATFORM, CONNECTOR_OPEN_MPIC)) &&
	       (page->entry.connector.endpoint[0] != '\0') == outside;
}

uint32_t
connector_book_quorum(const struct connector_book *book, const char *enterprise)
{
	uint32_t most = 0;

	for (const struct page *page = book->first; page != NULL; page = page->next)
		if (is_of_rounds(page, enterprise, false) && page->entry.connector.quorum > most)
			most = page->entry.connector.quorum;
	return most;
}

size_t
connector_book_services(const struct connector_book *book, const char *enterprise,
    const struct connector_entry **ret, size_t max)
{
	size_t n = 0;

	for (const struct page *page = book->first; page != NULL; page = page->next) {
		if (!is_of_rounds(page, enterprise, true))
			continue;
		if (n < max)
			ret[n] = &page->entry;
		n++;
	}
	return n;
}
