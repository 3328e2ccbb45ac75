/* SPDX-License-Identifier: Apache-2.0 */
/* web.c: by libevent's HTTP server. */
#include "web.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

struct web {
	web_find *find;
	void *arg;
};

static void
on_visit(struct evhttp_request *req, void *arg)
{
	const struct web *web = arg;
	struct evbuffer *out = evhttp_request_get_output_buffer(req);
	const char *host = evhttp_request_get_host(req);
	const char *content =
	    host == NULL ? NULL : web->find(web->arg, host, evhttp_request_get_uri(req));

	(void)evhttp_add_header(
	    evhttp_request_get_output_headers(req), "Content-Type", "text/plain");
	if (content != NULL)
		(void)evbuffer_add(out, content, strlen(content));
	evhttp_send_reply(req, content == NULL ? 404 : 200, content == NULL ? "None" : "OK", NULL);
}

bool
web_open(struct event_base *base, const char *address, web_find *find, void *arg)
{
	struct web *web = calloc(1, sizeof(*web));
	struct evhttp *http = evhttp_new(base);

	if (web == NULL || http == NULL)
		return false;
	*web = (struct web){ find, arg };
	evhttp_set_gencb(http, on_visit, web);
	return evhttp_bind_socket(http, address, 80) == 0;
}
