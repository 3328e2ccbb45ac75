/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of settings, with NULs between them, in the order of the table: what is accepted keeps what the
 * table promises.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tests/memory_file.h"
#include "svc/internal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct toy {
	const char *text, *list;
	uint32_t number;
	bool flag;
	struct cs_span secret;
};

static const struct svc_setting settings[] = {
	SVC_TEXT(struct toy, text, "TOY_TEXT", "", 40, "what"),
	SVC_LIST(struct toy, list, "TOY_LIST", "", 200, "which"),
	SVC_U32(struct toy, number, "TOY_NUMBER", "5", 1, 1000000, "how many"),
	SVC_BOOL(struct toy, flag, "TOY_FLAG", "0", "whether"),
	SVC_SECRET(struct toy, secret, "TOY_SECRET", 32, "of whom"),
	SVC_END,
};

/* Complaints are for people. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "we");
	stdout = fopen("/dev/null", "we");
	cs_assert(stderr != NULL && stdout != NULL);
	(void)setenv("CS_NATS_URL", "tls://127.0.0.1:4222", 1);
	(void)setenv("CS_NATS_CA_FILE", "/dev/null", 1);
	(void)setenv("CS_NATS_SEED_FILE", "/dev/null", 1);
	(void)setenv("CS_DATABASE_URL", "postgresql://toy@localhost/toy", 1);
	return 0;
}

/* Puts the next value into the environment; returns what follows it. */
static const char *
set(const char *name, const char *at, const char *end)
{
	char value[1024];
	const size_t len = strnlen(at, (size_t)(end - at));
	const size_t kept = len < sizeof(value) ? len : sizeof(value) - 1;

	memcpy(value, at, kept);
	value[kept] = '\0';
	(void)setenv(name, value, 1);
	return at + len < end ? at + len + 1 : end;
}

static void
check(struct cs_arena *arena, const struct toy *toy)
{
	const char **parts;
	size_t n = svc_list(arena, toy->list, &parts);

	cs_assert(strlen(toy->text) <= 40 && strlen(toy->list) <= 200);
	cs_assert(toy->number >= 1 && toy->number <= 1000000);
	cs_assert(toy->secret.len >= 32);
	for (size_t i = 0; i < n; i++)
		cs_assert(parts[i][0] != '\0' && strpbrk(parts[i], ", \t") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file file;
	struct cs_arena *arena = cs_arena_new();
	struct settings_common common = { 0 };
	struct toy toy = { 0 };
	const struct svc_service service = { .name = "toy",
		.summary = "plays",
		.mode = SVC_BATCH,
		.self = &toy,
		.settings = settings };
	const char *at = cs_arena_strndup(arena, (const char *)data, size), *end = at + size;

	for (size_t i = 0; settings[i].kind != SVC_KIND_SECRET; i++)
		at = set(settings[i].name, at, end);
	at = set("CS_LOG_LEVEL", at, end);
	(void)setenv("TOY_SECRET", memory_file(&file, cs_span_of(at, (size_t)(end - at))), 1);
	if (settings_read(&service, &common, arena))
		check(arena, &toy);
	settings_print(&service, arena);
	cs_arena_free(arena);
	return 0;
}
