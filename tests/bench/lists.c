/* SPDX-License-Identifier: Apache-2.0 */
/* lists.c: one list for each state that flows wait for, of what came into it since the list before. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "load.h"

#define LIST_MAX 100 /* the API's own limit */
#define PAGES_MAX 40
/*
 * A change is seen when its transaction ends, later than its time: lists overlap by as long as most transactions
 * take, and now and then one looks further back for what took longer.
 */
#define NEAR_MS 60
#define FAR_MS 1500
#define SWEEP_MS 1000
#define STRAGGLER_MS 8000 /* a flow that no list has moved is asked for by itself */

static void ask_list(struct list *list);

static void
write_time(double wall_ms, char *ret_text, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1e3);
	struct tm tm;
	char text[24];

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret_text, size, "%s.%03dZ", text, (int)((long long)wall_ms % 1000));
}

/* The text between here and the next quotation mark; false: it has no place. */
static bool
copy_text(const char *from, char *ret_text, size_t size)
{
	size_t len = strcspn(from, "\"");

	if (len >= size)
		return false;
	memcpy(ret_text, from, len);
	ret_text[len] = '\0';
	return true;
}

/*
 * One item of a list, which begins with its id and state.  Looked for, not parsed: what lists say beside these two
 * is most of them, and costs a fifth of what the generator uses.  False: lists do not look like that any more.
 */
static bool
take_item(struct list *list, const char *item)
{
	static const char before_state[] = "\",\"state\":\"";
	struct flow *flow;
	char id[40], state[16];

	if (!copy_text(item, id, sizeof(id)))
		return false;
	item += strlen(id);
	if (strncmp(item, before_state, sizeof(before_state) - 1) != 0 ||
	    !copy_text(item + sizeof(before_state) - 1, state, sizeof(state)))
		return false;
	flow = flow_find(list->load, id);
	if (flow != NULL)
		flow_advance(flow, state);
	list->load->list_items++;
	return true;
}

/* Within a text a quotation mark has a backslash before it: these are found where members begin, and nowhere else. */
static bool
take_list(struct list *list, const char *text)
{
	static const char begins[] = "{\"requests\":[", first[] = "{\"id\":\"",
			  next[] = "\"next\":\"";
	bool good = strncmp(text, begins, sizeof(begins) - 1) == 0;
	const char *cursor;

	for (const char *item = strstr(text, first); good && item != NULL;
	     item = strstr(item, first)) {
		item += sizeof(first) - 1;
		good = take_item(list, item);
	}
	list->cursor[0] = '\0';
	cursor = good ? strstr(text, next) : NULL;
	return good && (cursor == NULL || copy_text(cursor + sizeof(next) - 1, list->cursor,
					      sizeof(list->cursor)));
}

static void
on_list(void *arg, int status, const char *text, size_t len)
{
	struct list *list = arg;

	(void)len;
	list->load->list_calls++;
	list->busy = false;
	if (status != 200 || !take_list(list, text)) {
		list->load->errors++;
		(void)fprintf(stderr, "load: list: status %d %.300s\n", status, text);
	} else if (list->cursor[0] != '\0' && ++list->pages < PAGES_MAX) {
		ask_list(list);
	} else {
		list->since_ms = list->asked_ms;
	}
}

static void
ask_list(struct list *list)
{
	char path[240];

	list->busy = true;
	(void)snprintf(path, sizeof(path), "/v1/requests?state=%s&limit=%d&changed_since=%s%s%s",
	    list->state, LIST_MAX, list->since,
	    list->cursor[0] == '\0' ? "" : "&cursor=", list->cursor);
	api_get(list->load->api, (unsigned)(list - list->load->lists), path, on_list, list);
}

static void
walk_list(struct list *list)
{
	double wall_ms = ms_of(CLOCK_REALTIME);
	bool far = wall_ms - list->swept_ms > SWEEP_MS;

	list->pages = 0;
	list->cursor[0] = '\0';
	list->asked_ms = wall_ms;
	if (far)
		list->swept_ms = wall_ms;
	write_time(list->since_ms - (far ? FAR_MS : NEAR_MS), list->since, sizeof(list->since));
	ask_list(list);
}

static void
on_one(void *arg, int status, const char *text, size_t len)
{
	struct flow *flow = arg;
	json_t *body = status == 200 ? json_loadb(text, len, 0, NULL) : NULL;
	const char *state = json_string_value(json_object_get(body, "state"));
	const char *id = json_string_value(json_object_get(body, "id"));

	flow->asking = false;
	flow->load->single_calls++;
	if (state != NULL && id != NULL && strcmp(flow->id, id) == 0) {
		flow_advance(flow, state);
		flow_on_shown(flow, body);
	}
	json_decref(body);
}

static void
ask_one(struct flow *flow, unsigned lane)
{
	char path[80];

	flow->asking = true;
	(void)snprintf(path, sizeof(path), "/v1/requests/%s", flow->id);
	api_get(flow->load->api, lane, path, on_one, flow);
}

/* One a tick at most, taking turns: whoever waits for long is not forgotten, and nobody is flooded. */
static void
ask_straggler(struct load *load)
{
	double now = now_ms();

	for (int i = 0; i < load->n_flows; i++) {
		struct flow *flow = &load->flows[load->looked_at++ % load->n_flows];

		if (flow->id[0] == '\0' || flow->asking || now - flow->moved_ms < STRAGGLER_MS)
			continue;
		ask_one(flow, API_LANES - 1);
		return;
	}
}

/* No list says what is to be published: each person has to look. */
static void
ask_for_files(struct load *load)
{
	for (int i = 0; i < load->n_flows; i++)
		if (load->flows[i].step == WAITING_FILE && !load->flows[i].asking)
			ask_one(&load->flows[i], LISTS + (unsigned)i % (API_LANES - LISTS));
}

void
lists_look(struct load *load)
{
	for (int i = 0; i < LISTS; i++)
		if (!load->lists[i].busy && load->n_in[load->lists[i].awaits] > 0)
			walk_list(&load->lists[i]);
	if (load->n_in[WAITING_FILE] > 0)
		ask_for_files(load);
	ask_straggler(load);
}

void
lists_init(struct load *load)
{
	static const struct list lists[LISTS] = {
		{ .state = "validating", .awaits = WAITING_PLAN },
		{ .state = "ready", .awaits = WAITING_READY },
		{ .state = "issued", .awaits = WAITING_ISSUED },
	};

	for (int i = 0; i < LISTS; i++) {
		load->lists[i] = lists[i];
		load->lists[i].load = load;
		load->lists[i].since_ms = ms_of(CLOCK_REALTIME);
	}
}
