/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent when somebody asks for a certificate. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdlib.h>

#include "fake_api.h"
#include "say.h"

#define ID "00000000-0000-4000-8000-000000000001"

static const struct fake_answer answers[] = {
	{ "POST /v1/requests", 201, "{\"id\":\"" ID "\"}" },
	{ "POST /v1/requests/" ID "/renew", 201, "{\"id\":\"" ID "\"}" },
	{ "POST /v1/requests/" ID "/rekey", 201, "{\"id\":\"" ID "\"}" },
	{ "POST /v1/requests/" ID "/reissue", 201, "{\"id\":\"" ID "\"}" },
	{ NULL, 0, NULL },
};

/* One of each way to ask. */
static const struct {
	const char *words;
	bool has_csr;
} commands[] = {
	{ "request submit --mailbox a@alpha.example", true },
	{ "request renew " ID, false },
	{ "request rekey " ID, true },
	{ "request reissue " ID " --mailbox b@alpha.example", false },
};

/* The call that comes of it. */
static const char *
sent(size_t i, const char *csr, const char *more)
{
	static struct said said;
	char words[240];
	struct fake_api *api = fake_api_start(answers);

	(void)snprintf(words, sizeof(words), "%s%s%s%s", commands[i].words,
	    commands[i].has_csr ? " --csr " : "", commands[i].has_csr ? csr : "", more);
	assert_int_equal(say(&said, words)->status, DONE);
	return fake_api_stop(api);
}

static void
whoever_asks_may_approve_in_the_same_call(void **state)
{
	char csr[] = "/tmp/test-request-XXXXXX";
	const int fd = mkstemp(csr);

	(void)state;
	assert_int_equal(write(fd, "CSR", 3), 3);
	assert_int_equal(close(fd), 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strstr(sent(i, csr, ""), "approve") != NULL)
			fail_msg("%s: approves unasked", commands[i].words);
		if (strstr(sent(i, csr, " --approve"), "\"approve\":true") == NULL)
			fail_msg("%s: does not approve", commands[i].words);
	}
	assert_int_equal(unlink(csr), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_asks_may_approve_in_the_same_call),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
