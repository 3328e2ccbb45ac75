/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broken.h: what libunbound says about a broken chain of signatures, in words for whoever has to mend
 * it: which zone, which record, what is wrong.  Its own words stay beside them.  Pure.
 *
 *   validation failure <www.a.example. CAA IN>: signature expired from 192.0.2.1 for key a.example. ...
 */
#ifndef DNS_BROKEN_H
#define DNS_BROKEN_H

#include "base/arena.h"

/* "" for what is not said; all lower case, without the final dot, escaped. */
struct dns_broken {
	const char *name, *type; /* the record that was asked for */
	const char *zone;        /* where the chain broke: the key's zone, or the name of the DS */
	const char *servers;     /* that gave the answer */
	const char *cause;       /* the resolver's words: "signature expired" */
	const char *meaning;     /* ours, of the same; NULL where we have none */
};

/* Whatever the text is: what cannot be found in it is "". */
void dns_broken_parse(struct cs_arena *arena, const char *why, struct dns_broken *ret);
/*
 * "the zone a.example is broken: the signature over its keys has expired; asked for www.a.example CAA
 * (resolver: ...)".  `name` is what was looked up, for what the resolver does not say.  Escaped.
 */
const char *dns_broken_text(struct cs_arena *arena, const char *name, const char *why);

#endif
