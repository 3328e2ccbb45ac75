/* SPDX-License-Identifier: Apache-2.0 */
#include "config_between.h"

#include <string.h>

#include "config_json.h"
#include "config_refusal.h"

/* A document that may use another, as it would be then. */
struct user {
	struct user *next;
	const struct config_doc *doc;
	struct config_refs refs;
};

struct between {
	struct cs_arena *arena;
	const struct config_ask *ask;
	const struct config_doc *docs; /* as they would be then */
	const struct config_state *state;
	struct user *users; /* when something goes away */
	struct config_answer *answer;
};

static bool
refuse(struct between *d, unsigned status, struct cs_refusal why)
{
	*d->answer = (struct config_answer){ .status = status,
		.body = config_problem(d->arena, status, &why) };
	return false;
}

/* Profiles and connectors are the enterprise's own or the platform's; NULL: there is none. */
static const struct config_doc *
find_referred(const struct config_doc *docs, const struct config_ref *ref, const char *enterprise)
{
	const struct config_doc *own = config_find(docs, ref->kind, enterprise, ref->name);

	if (own != NULL || (ref->kind != CONFIG_PROFILE && ref->kind != CONFIG_CONNECTOR))
		return own;
	return config_find(docs, ref->kind, CONFIG_PLATFORM, ref->name);
}

static bool
refers_to_what_is_there(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];

	for (size_t k = 0; k < wish->refs.n; k++) {
		const struct config_ref *ref = &wish->refs.items[k];

		if (find_referred(d->docs, ref, wish->enterprise) == NULL)
			return refuse(d, 422,
			    (struct cs_refusal){ "no-such-document",
				config_field(d->arena, d->ask, i,
				    cs_arena_printf(d->arena, "spec.%s", ref->field)),
				"",
				cs_arena_printf(d->arena, "There is no %s \"%.128s\" here.",
				    config_kind_name(ref->kind), ref->name),
				"Make it first, or in the same call." });
	}
	return true;
}

/* Rounds are held by active connectors of this type alone. */
static bool
names_a_connector_of_rounds(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];

	for (size_t k = 0; k < wish->refs.n; k++) {
		const struct config_ref *ref = &wish->refs.items[k];
		const struct config_doc *doc = ref->kind != CONFIG_CONNECTOR
						   ? NULL
						   : find_referred(d->docs, ref, wish->enterprise);

		if (doc != NULL && !config_spec_serves_mpic(doc->spec))
			return refuse(d, 422,
			    (struct cs_refusal){ "connector-not-usable",
				config_field(d->arena, d->ask, i,
				    cs_arena_printf(d->arena, "spec.%s", ref->field)),
				"",
				cs_arena_printf(d->arena,
				    "The connector \"%.128s\" is not active, or not of type open-mpic.",
				    ref->name),
				"Name another, or none." });
	}
	return true;
}

static bool
lies_in_an_enterprise(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];

	if (strcmp(wish->enterprise, CONFIG_PLATFORM) == 0 ||
	    config_find(d->docs, CONFIG_ENTERPRISE, wish->enterprise, wish->enterprise) != NULL)
		return true;
	return refuse(d, 422,
	    (struct cs_refusal){ "no-such-document",
		config_field(d->arena, d->ask, i, "enterprise"), "",
		cs_arena_printf(d->arena, "There is no enterprise \"%s\".", wish->enterprise),
		"Make it first, or in the same call." });
}

/* Two profiles of one name would leave open which one a request means. */
static bool
has_a_name_of_its_own(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];

	if (wish->kind != CONFIG_PROFILE || strcmp(wish->enterprise, CONFIG_PLATFORM) == 0 ||
	    config_find(d->docs, CONFIG_PROFILE, CONFIG_PLATFORM, wish->name) == NULL)
		return true;
	return refuse(d, 422,
	    (struct cs_refusal){ "name-taken", config_field(d->arena, d->ask, i, "name"), "",
		"The platform has a profile of this name.", "Choose another." });
}

static void
add_user(struct between *d, const struct config_doc *doc)
{
	struct user *user = CS_NEW(d->arena, struct user);

	*user = (struct user){ d->users, doc, config_spec_refs(d->arena, doc->kind, doc->spec) };
	d->users = user;
}

static bool
is_named(const struct between *d, const struct config_doc *doc)
{
	for (const struct config_doc *known = d->docs; known != NULL; known = known->next)
		if (config_is_document(known, doc->kind, doc->enterprise, doc->name))
			return true;
	return false;
}

bool
config_takes_away(const struct config_wish *wish)
{
	return wish->deletes ||
	       (wish->kind == CONFIG_CONNECTOR && !config_spec_serves_mpic(wish->spec));
}

static bool
takes_away_any(const struct between *d)
{
	for (size_t i = 0; i < d->ask->n_wishes; i++)
		if (config_takes_away(&d->ask->wishes[i]))
			return true;
	return false;
}

/* Once for the whole call: each is read once, however many go away. */
static void
collect_users(struct between *d)
{
	if (!takes_away_any(d))
		return;
	/* A document that is staged counts as it would be then. */
	for (const struct config_doc *doc = d->docs; doc != NULL; doc = doc->next)
		if (config_find(d->docs, doc->kind, doc->enterprise, doc->name) == doc)
			add_user(d, doc);
	for (const struct config_doc *doc = d->state->users; doc != NULL; doc = doc->next)
		if (!is_named(d, doc))
			add_user(d, doc);
}

/* A root of private trust is an enterprise's own; whether it has one the platform says. */
static bool
has_the_root_that_it_names(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];
	const struct config_doc *enterprise =
	    config_find(d->docs, CONFIG_ENTERPRISE, wish->enterprise, wish->enterprise);

	if (wish->kind != CONFIG_PROFILE || enterprise == NULL ||
	    !config_spec_is_private(wish->spec) || config_spec_has_root(enterprise->spec))
		return true;
	return refuse(d, 422,
	    (struct cs_refusal){ "not-granted",
		config_field(d->arena, d->ask, i, "spec.certificate_profile"), "",
		"The enterprise has no root of its own, which this certificate profile is for.",
		"Ask an administrator of the platform for private_trust, or take another." });
}

/* How it uses what goes away; NULL: it does not. */
static const char *
use_of(const struct user *user, const struct config_wish *gone)
{
	const struct config_doc *doc = user->doc;
	const bool here = strcmp(doc->enterprise, gone->enterprise) == 0;

	if (gone->kind == CONFIG_ENTERPRISE && here && doc->kind != CONFIG_ENTERPRISE)
		return "enterprise";
	if (!here && strcmp(gone->enterprise, CONFIG_PLATFORM) != 0)
		return NULL;
	for (size_t i = 0; i < user->refs.n; i++)
		if (user->refs.items[i].kind == gone->kind &&
		    strcmp(user->refs.items[i].name, gone->name) == 0)
			return user->refs.items[i].field;
	return NULL;
}

static json_t *
uses_of(const struct between *d, const struct config_wish *gone)
{
	json_t *uses = json_array();

	for (const struct user *user = d->users;
	     user != NULL && json_array_size(uses) < CONFIG_USES_SHOWN; user = user->next) {
		const char *field = use_of(user, gone);

		if (field != NULL)
			json_array_append_new(uses,
			    json_pack("{s:s, s:s, s:s, s:s}", "kind",
				config_kind_name(user->doc->kind), "enterprise",
				user->doc->enterprise, "name", user->doc->name, "field", field));
	}
	return uses;
}

/* What the store did not hand out may use it too. */
static bool
are_all_users_known(struct between *d)
{
	return !d->state->more_users || !takes_away_any(d) ||
	       refuse(d, 409,
		   (struct cs_refusal){ "in-use",
		       d->ask->act == CONFIG_APPLY ? "documents" : "name", "",
		       "More documents may use what shall go away than can be looked through.",
		       "Delete fewer at once, and those that use it first." });
}

static bool
is_not_in_use(struct between *d, size_t i)
{
	const struct config_wish *wish = &d->ask->wishes[i];
	json_t *uses;

	if (!config_takes_away(wish))
		return true;
	uses = uses_of(d, wish);
	if (json_array_size(uses) == 0) {
		json_decref(uses);
		return true;
	}
	const struct cs_refusal why = { "in-use", config_field(d->arena, d->ask, i, "name"), "",
		"Other documents use this one.", "Change or delete those first." };
	json_t *body = config_json_own(config_problem(d->arena, 409, &why));

	json_object_set_new(body, "uses", uses);
	*d->answer =
	    (struct config_answer){ .status = 409, .body = config_json_dump(d->arena, body) };
	return false;
}

bool
config_holds_together(struct cs_arena *arena, const struct config_ask *ask,
    const struct config_doc *docs, const struct config_state *state,
    struct config_answer *ret_answer)
{
	struct between d = {
		.arena = arena, .ask = ask, .docs = docs, .state = state, .answer = ret_answer
	};

	collect_users(&d);
	for (size_t i = 0; i < d.ask->n_wishes; i++) {
		const struct config_wish *wish = &d.ask->wishes[i];

		if (!is_not_in_use(&d, i))
			return false;
		if (!wish->deletes &&
		    (!lies_in_an_enterprise(&d, i) || !refers_to_what_is_there(&d, i) ||
			!names_a_connector_of_rounds(&d, i) || !has_a_name_of_its_own(&d, i) ||
			!has_the_root_that_it_names(&d, i)))
			return false;
	}
	return are_all_users_known(&d);
}
