/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.c: what is generated from the catalogue: NATS users, AsyncAPI document, reference page. */
#include "catalogue/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "csctl.h"

#define PERSPECTIVE "mpic-perspective"

/* ---- NATS users ---- */

/* A list in NATS' configuration language: "a", "b". */
struct list {
	struct cs_buf text;
};

static struct list
list_new(struct cs_arena *arena)
{
	return (struct list){ cs_buf_new(arena) };
}

static void
list_add(struct list *list, const char *fmt, const char *a, const char *b)
{
	char subject[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(subject, sizeof(subject), fmt, a, b);
#pragma GCC diagnostic pop
	cs_buf_printf(&list->text, "%s\"%s\"", list->text.len == 0 ? "" : ", ", subject);
}

static const char *
list_text(struct list *list)
{
	return (const char *)cs_buf_span(&list->text).data;
}

/* The second line of the seed file is the public key. */
static enum cs_code
read_public(struct cs_arena *arena, const char *dir, const char *user, char ret[static 64],
    struct cs_err *err)
{
	const char *path = cs_arena_printf(arena, "%s/%s.seed", dir, user);
	FILE *file = fopen(path, "re");
	char seed[80];
	int n = file == NULL ? 0 : fscanf(file, "%79s %63s", seed, ret);

	if (file != NULL)
		(void)fclose(file);
	explicit_bzero(seed, sizeof(seed));
	if (n != 2 || ret[0] != 'U')
		return cs_fail(err, CS_NOT_FOUND,
		    "%s: no nkey there (csctl nats-keys %s makes them)", path, dir);
	return CS_OK;
}

static void
publish_rights(struct cs_arena *arena, const char *service, struct list *allow)
{
	size_t n;
	const struct catalogue_event *events = catalogue_events(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(events[i].publisher, service) == 0) {
			list_add(allow, "cs.%s%s", events[i].subject, "");
			list_add(allow, "$JS.API.STREAM.INFO.%s%s",
			    catalogue_lane_of(events[i].subject)->stream, "");
		}
	const struct catalogue_consumer *consumers = catalogue_consumers(&n);

	for (size_t i = 0; i < n; i++) {
		const char *stream = catalogue_lane_of(consumers[i].subject)->stream;
		const char *durable = catalogue_durable(arena, &consumers[i]);

		if (strcmp(consumers[i].service, service) != 0)
			continue;
		list_add(allow, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, durable);
		list_add(allow, "$JS.ACK.%s.%s.>", stream, durable);
	}
	const struct catalogue_follower *followers = catalogue_followers(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(followers[i].service, service) == 0) {
			const char *stream = catalogue_lane_of(followers[i].subject)->stream;

			list_add(allow, "$JS.API.STREAM.INFO.%s%s", stream, "");
			list_add(allow, "$JS.API.STREAM.MSG.GET.%s%s", stream, "");
		}
	const struct catalogue_question *questions = catalogue_questions(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(questions[i].asked_by, service) == 0)
			list_add(allow, "%s%s", questions[i].subject, "");
	if (strcmp(service, PERSPECTIVE) != 0)
		list_add(allow, "cs.deadletter.%s%s", service, "");
}

/* "ask.<a>.<b>", or of "ask.<a>.*" the one of this instance. */
static const char *
subject_of(struct cs_arena *arena, const struct catalogue_question *question, const char *instance)
{
	const size_t len = strlen(question->subject);

	if (question->subject[len - 1] != '*')
		return question->subject;
	return cs_arena_printf(arena, "%.*s%s", (int)len - 1, question->subject, instance);
}

/* Where answers go: libs/bus/protocol.h, protocol_answer_subject. */
static void
answer_rights(struct cs_arena *arena, const char *service, const char *instance, struct list *allow)
{
	size_t n;
	const struct catalogue_question *questions = catalogue_questions(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(questions[i].answered_by, service) == 0)
			list_add(allow, "_INBOX_%s.*.%s.*", questions[i].asked_by,
			    subject_of(arena, &questions[i], instance) + strlen("ask."));
}

static void
subscribe_rights(
    struct cs_arena *arena, const char *service, const char *instance, struct list *allow)
{
	size_t n;
	const struct catalogue_question *questions = catalogue_questions(&n);

	list_add(allow, "_INBOX_%s.>%s", service, "");
	for (size_t i = 0; i < n; i++)
		if (strcmp(questions[i].answered_by, service) == 0)
			list_add(allow, "%s%s", subject_of(arena, &questions[i], instance), "");
}

static enum cs_code
print_user(struct args *args, const char *dir, const char *service, const char *instance,
    struct cs_err *err)
{
	struct list publish = list_new(args->arena), subscribe = list_new(args->arena);
	const char *user =
	    instance == NULL ? service : cs_arena_printf(args->arena, "%s-%s", service, instance);
	char public_key[64];

	if (read_public(args->arena, dir, user, public_key, err))
		return err->code;
	publish_rights(args->arena, service, &publish);
	answer_rights(args->arena, service, instance == NULL ? "" : instance, &publish);
	subscribe_rights(args->arena, service, instance == NULL ? "" : instance, &subscribe);

	/* An empty allow-list would allow everything: what may publish nothing is denied everything. */
	(void)printf("      # %s\n      { nkey: %s, permissions: {\n"
		     "        publish: { %s: [%s] }\n        subscribe: { allow: [%s] } } }\n",
	    user, public_key, publish.text.len == 0 ? "deny" : "allow",
	    publish.text.len == 0 ? "\">\"" : list_text(&publish), list_text(&subscribe));
	return CS_OK;
}

/* The people and tools that are no services; they may see, or provision, and publish no event. */
static const struct {
	const char *user, *publish, *subscribe;
} tools[] = {
	{ "provisioner",
	    "\"$JS.API.INFO\", \"$JS.API.STREAM.CREATE.*\", \"$JS.API.STREAM.UPDATE.*\","
	    " \"$JS.API.STREAM.INFO.*\", \"$JS.API.STREAM.NAMES\", \"$JS.API.STREAM.LIST\","
	    " \"$JS.API.CONSUMER.DURABLE.CREATE.*.*\", \"$JS.API.CONSUMER.INFO.*.*\","
	    " \"$JS.API.CONSUMER.NAMES.*\", \"$JS.API.CONSUMER.LIST.*\"",
	    "\"_INBOX_provisioner.>\"" },
	{ "observer",
	    "\"$JS.API.INFO\", \"$JS.API.STREAM.INFO.*\", \"$JS.API.STREAM.NAMES\", \"$JS.API.STREAM.LIST\","
	    " \"$JS.API.STREAM.MSG.GET.*\", \"$JS.API.DIRECT.GET.*\", \"$JS.API.DIRECT.GET.*.>\","
	    " \"$JS.API.CONSUMER.INFO.*.*\", \"$JS.API.CONSUMER.LIST.*\", \"$JS.API.CONSUMER.NAMES.*\"",
	    "\"cs.>\", \"_INBOX_observer.>\", \"$JS.EVENT.>\"" },
};

static int
run_nats_users(struct args *args)
{
	const char *dir = args_option(args, "--keys", NULL), *perspective, **services;
	struct cs_err err;
	size_t n = catalogue_services(args->arena, &services);
	char public_key[64];

	if (dir == NULL)
		return usage(args);
	(void)printf(
	    "# Generated from the catalogue by csctl catalogue nats-users.\n"
	    "accounts {\n  SYS { users: [] }\n  CS {\n    jetstream: enabled\n    users: [\n");
	for (size_t i = 0; i < n; i++)
		if (strcmp(services[i], PERSPECTIVE) != 0 &&
		    print_user(args, dir, services[i], NULL, &err))
			return could_not(&err);
	while ((perspective = args_option(args, "--perspective", NULL)) != NULL)
		if (print_user(args, dir, PERSPECTIVE, perspective, &err))
			return could_not(&err);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (read_public(args->arena, dir, tools[i].user, public_key, &err))
			return could_not(&err);
		(void)printf(
		    "      # %s\n      { nkey: %s, permissions: {\n"
		    "        publish: { allow: [%s] }\n        subscribe: { allow: [%s] } } }\n",
		    tools[i].user, public_key, tools[i].publish, tools[i].subscribe);
	}
	(void)printf("    ]\n  }\n}\nsystem_account: SYS\n");
	return args_end(args) ? DONE : COULD_NOT_RUN;
}

/* ---- the reference page ---- */

static void
print_readers_of(const char *subject)
{
	size_t n, n_followers;
	const struct catalogue_follower *followers = catalogue_followers(&n_followers);
	const struct catalogue_consumer *consumers = catalogue_consumers(&n);
	const char *comma = "";

	for (size_t i = 0; i < n; i++)
		if (strcmp(consumers[i].subject, subject) == 0) {
			(void)printf("%s%s", comma, consumers[i].service);
			comma = ", ";
		}
	for (size_t i = 0; i < n_followers; i++)
		if (strcmp(followers[i].subject, subject) == 0) {
			(void)printf("%s%s", comma, followers[i].service);
			comma = ", ";
		}
	if (comma[0] == '\0')
		(void)printf("nobody");
}

static int
run_reference(struct args *args)
{
	size_t n;
	const struct catalogue_lane *lanes = catalogue_lanes(&n);

	if (!args_end(args))
		return COULD_NOT_RUN;
	(void)printf(
	    "# Events and questions\n\nGenerated from `catalogue.def` by `csctl catalogue reference`.\n\n"
	    "## Lanes\n\n| stream | subjects | kept | holds |\n|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++)
		(void)printf("| %s | `%s` | %u days, at most %u MiB | %s |\n", lanes[i].stream,
		    lanes[i].subjects, lanes[i].days, lanes[i].mib, lanes[i].meaning);
	const struct catalogue_event *events = catalogue_events(&n);

	(void)printf(
	    "\n## Events\n\n| event | message | published by | read by | meaning |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		(void)printf("| `cs.%s` | %s%s | %s | ", events[i].subject, events[i].message,
		    events[i].is_signed ? ", signed" : "", events[i].publisher);
		print_readers_of(events[i].subject);
		(void)printf(" | %s |\n", events[i].meaning);
	}
	const struct catalogue_question *questions = catalogue_questions(&n);

	(void)printf(
	    "\n## Questions\n\n| subject | asked by | answered by | ask | answer | meaning |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++)
		(void)printf("| `%s` | %s | %s | %s | %s | %s |\n", questions[i].subject,
		    questions[i].asked_by, questions[i].answered_by, questions[i].ask,
		    questions[i].answer, questions[i].meaning);
	return DONE;
}

/* ---- AsyncAPI 3.0.0 ---- */

/* "request.submitted" -> "request_submitted": names in the document have no dots. */
static const char *
name_of(struct cs_arena *arena, const char *subject)
{
	char *name = cs_arena_strdup(arena, subject);

	for (char *c = name; *c != '\0'; c++)
		if (*c == '.' || *c == '-' || *c == '*')
			*c = '_';
	return name;
}

static int
run_asyncapi(struct args *args)
{
	size_t n, n_consumers;
	const struct catalogue_event *events = catalogue_events(&n);
	const struct catalogue_consumer *consumers = catalogue_consumers(&n_consumers);

	if (!args_end(args))
		return COULD_NOT_RUN;
	(void)printf("asyncapi: 3.0.0\ninfo:\n  title: Countersign events\n  version: 1.0.0\n"
		     "defaultContentType: application/protobuf\nchannels:\n");
	for (size_t i = 0; i < n; i++)
		(void)printf("  %s:\n    address: cs.%s\n    description: \"%s\"\n    messages:\n"
			     "      %s: {$ref: '#/components/messages/%s'}\n",
		    name_of(args->arena, events[i].subject), events[i].subject, events[i].meaning,
		    name_of(args->arena, events[i].subject),
		    name_of(args->arena, events[i].subject));
	(void)printf("operations:\n");
	for (size_t i = 0; i < n; i++)
		(void)printf(
		    "  %s_publishes_%s:\n    action: send\n    channel: {$ref: '#/channels/%s'}\n",
		    name_of(args->arena, events[i].publisher),
		    name_of(args->arena, events[i].subject),
		    name_of(args->arena, events[i].subject));
	for (size_t i = 0; i < n_consumers; i++)
		(void)printf(
		    "  %s_consumes_%s:\n    action: receive\n    channel: {$ref: '#/channels/%s'}\n",
		    name_of(args->arena, consumers[i].service),
		    name_of(args->arena, consumers[i].subject),
		    name_of(args->arena, consumers[i].subject));
	(void)printf(
	    "components:\n  messageTraits:\n    cloudEvent:\n      headers:\n        type: object\n"
	    "        required: [ce-specversion, ce-id, ce-source, ce-type, ce-time]\n"
	    "        properties:\n          ce-specversion: {const: '1.0'}\n"
	    "          ce-id: {type: string, format: uuid}\n          ce-source: {type: string}\n"
	    "          ce-type: {type: string}\n          ce-time: {type: string, format: date-time}\n"
	    "          ce-subject: {type: string, format: uuid}\n"
	    "          ce-correlationid: {type: string, format: uuid}\n"
	    "          ce-causationid: {type: string, format: uuid}\n  messages:\n");
	for (size_t i = 0; i < n; i++)
		(void)printf(
		    "    %s:\n      title: %s\n      summary: \"%s%s\"\n      contentType: application/protobuf\n"
		    "      traits: [{$ref: '#/components/messageTraits/cloudEvent'}]\n",
		    name_of(args->arena, events[i].subject), events[i].message, events[i].meaning,
		    events[i].is_signed ? " (DSSE envelope)" : "");
	return DONE;
}

const struct command catalogue_commands[] = {
	{ "catalogue nats-users", "--keys DIR [--perspective NAME]...",
	    "prints the accounts of nats-server with each service's least rights", run_nats_users },
	{ "catalogue reference", "", "prints the page of lanes, events and questions",
	    run_reference },
	{ "catalogue asyncapi", "", "prints the AsyncAPI 3.0.0 document", run_asyncapi },
	{ NULL, NULL, NULL, NULL },
};
