/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail_server.c: the domain by its mail server (SBR 3.2.2.3): the host that RFC 5321 5.1 selects, and no
 * alias, shows the value in DNS or in a file.
 */
#include "internal.h"

typedef void begin_at(struct look *look, const char *host);

struct mail_server_look {
	struct look *look;
	begin_at *begin;
};

/* The MX set as it stood, and who was chosen: "mail of a.example: 10 mx.a.example, 20 b (alias)". */
static void
describe(struct look *look, const struct mail_route *route, const struct mail_host *chosen)
{
	struct cs_buf text = cs_buf_new(look->arena);

	cs_buf_printf(&text, "mail of %s:", look->check->target);
	for (size_t i = 0; i < route->hosts_len; i++)
		cs_buf_printf(&text, "%s %s", i == 0 ? "" : ",",
		    mail_host_text(look->arena, &route->hosts[i]));
	if (route->unnamed > 0)
		cs_buf_printf(&text, " and %zu more", route->unnamed);
	if (chosen != NULL)
		cs_buf_printf(&text, "; chosen %s", chosen->name);
	look_add_detail(look, cs_buf_span(&text));
}

static void
on_routed(void *arg, const struct mail_route *route)
{
	struct mail_server_look *mail = arg;
	struct look *look = mail->look;
	const struct mail_route_decision decision = mail_route_decide(route, true);

	describe(look, route, decision.host);
	if (decision.host == NULL) {
		look_add_route(look, route);
		look_end_route(look, route, &decision);
		return;
	}
	look->finding.security = security_of(decision.security);
	mail->begin(look, decision.host->name);
}

static void
begin(struct look *look, begin_at *at)
{
	struct mail_server_look *mail = CS_NEW(look->arena, struct mail_server_look);

	*mail = (struct mail_server_look){ look, at };
	look_for_route(look, look->check->target, on_routed, mail);
}

void
probe_mx_dns_txt(struct look *look)
{
	begin(look, probe_dns_txt_at);
}

void
probe_mx_http_file(struct look *look)
{
	begin(look, probe_http_file_at);
}
