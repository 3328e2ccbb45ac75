/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: one bind, inside a sandboxed child. */
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "outward/outward.h"

#define TOTAL_MS 8000
#define AT_ONCE_MAX 128 /* connections */
#define QUOTE_MAX 160

struct binding {
	struct outward_child *child;
	struct sandbox_question *question;
	struct directory_bind asked;
};

static void
wipe(struct cs_span octets)
{
	explicit_bzero((void *)(uintptr_t)octets.data, octets.len);
}

static void
finish(struct binding *binding, enum directory_outcome outcome, const char *said)
{
	const struct directory_answer answer = { outcome, said };

	binding->child->under_way--;
	sandbox_answer(binding->question, directory_wire_answer(binding->question->arena, &answer));
}

/* What the directory says for people stays here: it may repeat what it was told. */
static void
on_visited(void *arg, const struct http_visited *visited)
{
	struct binding *binding = arg;
	struct cs_arena *arena = binding->question->arena;
	uint32_t code = 0;

	if (visited->reason != HTTP_FETCHED)
		finish(binding, DIRECTORY_AWAY,
		    cs_arena_printf(arena, "%s: %s", http_fetch_reason_name(visited->reason),
			cs_escape(arena, cs_span_str(visited->text), QUOTE_MAX)));
	else if (directory_hear(visited->body, &code) != DIRECTORY_ANSWER)
		finish(binding, DIRECTORY_AWAY,
		    cs_arena_printf(arena, "%s does not speak LDAP", visited->address));
	else
		finish(binding, directory_judge(code),
		    cs_arena_printf(
			arena, "%s answered with result %u", visited->address, (unsigned)code));
}

/* False: it may not be visited. */
static bool
find_place(const struct binding *binding, struct http_visit *ret)
{
	const struct outward_way way = { .protocol = OUTWARD_LDAP,
		.platform = binding->asked.platform,
		.test_mode = binding->child->test_mode };
	struct connector_url url;

	*ret = (struct http_visit){ .target = "/",
		.handshake_only = true,
		.whole = directory_whole,
		.body_max = DIRECTORY_ANSWER_MAX,
		.total_ms = TOTAL_MS };
	return connector_url_parse(binding->question->arena, binding->asked.endpoint, &url) &&
	       outward_place(&way, &url, ret);
}

static void
visit(struct binding *binding, struct http_visit what)
{
	what.say = directory_bind_request(
	    binding->question->arena, binding->asked.name, binding->asked.password);
	http_visit(binding->child->visitor, &what, on_visited, binding);
	wipe(what.say);
}

static void
child_ask(struct sandbox_question *question)
{
	struct binding *binding = CS_NEW(question->arena, struct binding);
	struct outward_child *child = question->self;
	const char *why_not = NULL;
	struct http_visit what;

	*binding = (struct binding){ .child = child, .question = question };
	cs_assert(directory_wire_read_question(question->arena, question->octets, &binding->asked));
	child->under_way++;
	if (!find_place(binding, &what))
		why_not = "its endpoint is not under TLS";
	else if (child->under_way > AT_ONCE_MAX)
		why_not = "too many binds are under way";
	else
		visit(binding, what);
	wipe(question->octets);
	if (why_not != NULL)
		finish(binding, DIRECTORY_AWAY, why_not);
}

const struct sandbox_role directory_role = { .name = "directory",
	.flags = SANDBOX_NETWORK,
	.memory_mib = 384,
	.files_max = 256,
	.open = outward_child_open,
	.ask = child_ask,
	.close = outward_child_close };
