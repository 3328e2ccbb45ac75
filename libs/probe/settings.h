/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h: the rows of a service's table of settings that say how it looks at the outside, the same in
 * every service that does.  For main.c, after svc/svc.h.
 */
#ifndef PROBE_SETTINGS_H
#define PROBE_SETTINGS_H

#include "probe/probe.h"

/* `type` has a struct probe_settings `probing` and a struct probe_crew `crew`. */
#define PROBE_SETTINGS(type)                                                                        \
	SVC_FILE(type, probing.root_hints_file, "CS_DNS_ROOT_HINTS_FILE", "",                       \
	    "root servers; empty: those known to the resolver"),                                    \
	    SVC_FILE(type, probing.anchor_file, "CS_DNS_ANCHOR_FILE", "/usr/share/dns/root.key",    \
		"trust anchor of the DNS root"),                                                    \
	    SVC_TEXT(type, probing.forward, "CS_DNS_FORWARD", "", 64,                               \
		"ADDRESS@PORT of a recursive server to ask instead of each zone's own; its answers" \
		" are validated all the same; empty: none"),                                        \
	    SVC_TEXT(type, probing.public_nets, "CS_TEST_PUBLIC_NETS", "", 400,                     \
		"test mode only: networks treated as public"),                                      \
	    SVC_U32(type, crew.children, "CS_PROBE_CHILDREN", "2", 1, SANDBOX_CHILDREN_MAX,         \
		"sandboxed processes that look at the outside")

#endif
