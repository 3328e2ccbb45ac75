/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc_test.h: runs batches through the real skeleton in memory: inbox, outbox and work rows are kept
 * here, the store is whatever `load` and `save` the test links.  One test run at a time.
 */
#ifndef SVC_SVC_TEST_H
#define SVC_SVC_TEST_H

#include "svc/svc.h"

struct svc_test;

/* What went out of a batch. */
struct svc_test_out {
	const char
	    *subject; /* "plan.made", "work.<kind>" for work rows, "again" for svc_work_again() */
	struct cs_id key;
	struct cs_span body;
	int64_t due_ms; /* work rows, new and again */
};

struct svc_test_event {
	const char *id; /* any text: "e1"; the same text is the same event */
	const char *subject;
	struct cs_span body; /* goes through the route's read */
	struct cs_id key;    /* for commands and work results; others get theirs from read */
	const void *context;
};

struct svc_test *svc_test_new(const struct svc_service *service, int64_t now_ms);
void svc_test_free(struct svc_test *test);
void svc_test_set_time(struct svc_test *test, int64_t now_ms);
/* Lines up to this level go to stderr; at first only errors. */
void svc_test_set_log(struct svc_test *test, enum log_level level);
/* Runs one batch, again one by one when it fails, as the skeleton does. */
void svc_test_run(struct svc_test *test, const struct svc_test_event *events, size_t n);
bool svc_test_acked(const struct svc_test *test, const char *id);
size_t svc_test_count(const struct svc_test *test, const char *subject);
/* The i-th output of this subject since the start; NULL: there are fewer. */
const struct svc_test_out *svc_test_out(const struct svc_test *test, const char *subject, size_t i);
/* The answer to this event; false: none. */
bool svc_test_reply(
    const struct svc_test *test, const char *id, uint32_t *ret_status, struct cs_span *ret_body);

#endif
