/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: two tables, the skeleton's and the service's, filled from the environment. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/file.h"
#include "svc/internal.h"

#define SECRET_MAX 65536

#define COMMON(kind, field, name, fallback, min, max, help)                                   \
	{                                                                                     \
		kind, name, offsetof(struct settings_common, field), fallback, min, max, help \
	}

/* Which services have a setting of the skeleton. */
enum who { ALL, WITH_DATABASE, WITH_HTTP, WITHOUT_STATE };

static const struct {
	enum who who;
	struct svc_setting setting;
} common_table[] = {
	{ ALL, COMMON(SVC_KIND_TEXT, nats_url, "CS_NATS_URL", NULL, 1, 1024,
		   "NATS servers: tls://host:4222, several with commas") },
	{ ALL, COMMON(SVC_KIND_FILE, nats_ca, "CS_NATS_CA_FILE", NULL, 0, 4096,
		   "PEM of the CA that the NATS servers' certificates come from") },
	{ ALL, COMMON(SVC_KIND_PRIVATE, nats_seed, "CS_NATS_SEED_FILE", NULL, 0, 4096,
		   "nkey of this service: the seed, then the public key, a line each") },
	{ WITH_DATABASE,
	    COMMON(SVC_KIND_TEXT, database_url, "CS_DATABASE_URL", NULL, 1, 2048,
		"postgresql:// URL of this service's role; the password in a passfile") },
	{ WITH_DATABASE,
	    COMMON(SVC_KIND_U32, archive_days, "CS_ARCHIVE_DAYS", "90", 40, 36500,
		"days that published events stay in the outbox: csctl events archive") },
	{ WITHOUT_STATE, COMMON(SVC_KIND_SECRET, key, "CS_KEY_FILE", NULL, 32, SECRET_MAX,
			     "Ed25519 key (PKCS#8 PEM) that signs what this service states") },
	{ ALL, COMMON(SVC_KIND_TEXT, listen, "CS_LISTEN", "127.0.0.1:9102", 1, 256,
		   "where /livez, /readyz and /metrics are served") },
	{ WITH_HTTP, COMMON(SVC_KIND_TEXT, http_listen, "CS_HTTP_LISTEN", "127.0.0.1:8080", 1, 256,
			 "where the API is served; TLS ends in front of it") },
	{ WITH_HTTP, COMMON(SVC_KIND_U32, http_per_source, "CS_HTTP_PER_SOURCE", "32", 1, 4096,
			 "connections to the API from one IPv4 address or IPv6 /64") },
	{ ALL, COMMON(SVC_KIND_TEXT, log_level, "CS_LOG_LEVEL", "info", 4, 5,
		   "error, warn, info or debug") },
	{ ALL, COMMON(SVC_KIND_BOOL, test_mode, "CS_TEST_MODE", "0", 0, 1,
		   "1 permits the settings that only tests may use; refused by release builds") },
#ifndef CS_RELEASE
	{ ALL,
	    COMMON(SVC_KIND_TEXT, crash_at, "CS_TEST_CRASH_AT", "", 0, 80,
		"dies at this step: see svc_crash_point() in libs/svc/svc.h; only in test mode") },
#endif
};

#define COMMON_COUNT (sizeof(common_table) / sizeof(common_table[0]))

static bool
applies(const struct svc_service *service, enum who who)
{
	switch (who) {
	case WITH_DATABASE:
		return service->mode == SVC_BATCH;
	case WITHOUT_STATE:
		return service->mode == SVC_LOOP;
	case WITH_HTTP:
		return service->serves_http;
	case ALL:
		break;
	}
	return true;
}

/* A service may have its own use of a setting of the skeleton; people see the skeleton's line, once. */
static bool
is_of_skeleton(const struct svc_service *service, const struct svc_setting *setting)
{
	for (size_t i = 0; i < COMMON_COUNT; i++)
		if (applies(service, common_table[i].who) &&
		    strcmp(common_table[i].setting.name, setting->name) == 0)
			return true;
	return false;
}

/* The skeleton's names are known to all, also to a service that has no use for one. */
static bool
is_known(const struct svc_service *service, const char *name)
{
	for (size_t i = 0; i < COMMON_COUNT; i++)
		if (strcmp(common_table[i].setting.name, name) == 0)
			return true;
	for (const struct svc_setting *s = service->settings; s != NULL && s->kind != SVC_KIND_END;
	     s++)
		if (strcmp(s->name, name) == 0)
			return true;
	return false;
}

static bool
complain(const struct svc_setting *setting, const char *what)
{
	(void)fprintf(stderr, "%s: %s (%s)\n", setting->name, what, setting->help);
	return false;
}

static bool
read_u32(const struct svc_setting *setting, const char *text, uint32_t *ret)
{
	char *end, what[80];
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value < setting->min ||
	    value > setting->max) {
		(void)snprintf(what, sizeof(what), "must be a number from %u to %u", setting->min,
		    setting->max);
		return complain(setting, what);
	}
	*ret = (uint32_t)value;
	return true;
}

/* The whole file. */
static bool
read_secret(const struct svc_setting *setting, const char *path, struct cs_arena *arena,
    struct cs_span *ret)
{
	uint8_t *data = cs_arena_alloc(arena, SECRET_MAX);
	struct cs_err err = { 0 };
	size_t n = 0;

	if (pki_file_read(path, true, data, SECRET_MAX, &n, &err))
		return complain(setting, err.text);
	if (n < setting->min || n > setting->max)
		return complain(setting, "the file is too short or too long");
	*ret = cs_span_of(data, n);
	return true;
}

static bool
read_text(const struct svc_setting *setting, const char *text, const char **ret)
{
	size_t len = strlen(text);
	char what[80];

	if (len >= setting->min && len <= setting->max) {
		*ret = text;
		return true;
	}
	(void)snprintf(
	    what, sizeof(what), "must have %u to %u characters", setting->min, setting->max);
	return complain(setting, what);
}

/* An optional one may be empty: there is none. */
static bool
read_path(const struct svc_setting *setting, const char *path, const char **ret)
{
	struct cs_err err = { 0 };

	if (path[0] == '\0' && setting->fallback == NULL)
		return complain(setting, "is empty");
	if (path[0] != '\0' && access(path, R_OK) != 0)
		return complain(setting, "names no file that can be read");
	if (path[0] != '\0' && setting->kind == SVC_KIND_PRIVATE &&
	    pki_file_is_private(path, &err) != CS_OK)
		return complain(setting, err.text);
	return read_text(setting, path, ret);
}

static bool
read_one(const struct svc_setting *setting, void *into, struct cs_arena *arena)
{
	const char *text = getenv(setting->name);
	void *at = (char *)into + setting->offset;

	if (text == NULL)
		text = setting->fallback;
	if (text == NULL)
		return complain(setting, "is not set");
	switch (setting->kind) {
	case SVC_KIND_TEXT:
	case SVC_KIND_LIST:
		return read_text(setting, text, at);
	case SVC_KIND_FILE:
	case SVC_KIND_PRIVATE:
		return read_path(setting, text, at);
	case SVC_KIND_SECRET:
		return read_secret(setting, text, arena, at);
	case SVC_KIND_U32:
		return read_u32(setting, text, at);
	case SVC_KIND_BOOL:
		if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
			return complain(setting, "must be 0 or 1");
		*(bool *)at = text[0] == '1';
		return true;
	case SVC_KIND_END:
		break;
	}
	return false;
}

bool
settings_read(
    const struct svc_service *service, struct settings_common *common, struct cs_arena *arena)
{
	enum log_level level;
	struct cs_err err;
	bool good = true;

	for (size_t i = 0; i < COMMON_COUNT; i++)
		if (applies(service, common_table[i].who))
			good &= read_one(&common_table[i].setting, common, arena);
	for (const struct svc_setting *s = service->settings; s != NULL && s->kind != SVC_KIND_END;
	     s++)
		if (!is_of_skeleton(service, s) || getenv(s->name) != NULL)
			good &= read_one(s, service->self, arena);
	if (common->log_level != NULL && log_level_parse(common->log_level, &level, &err)) {
		(void)fprintf(stderr, "CS_LOG_LEVEL: %s\n", err.text);
		good = false;
	}
#ifndef CS_RELEASE
	if (common->crash_at != NULL && common->crash_at[0] != '\0' && !common->test_mode) {
		(void)fprintf(stderr, "CS_TEST_CRASH_AT: only in test mode\n");
		good = false;
	}
#else
	if (common->test_mode) {
		(void)fprintf(stderr, "CS_TEST_MODE: refused by a release build\n");
		good = false;
	}
#endif
	return good;
}

/* Names that begin as ours do and are none: misspelt, or another service's in a shared environment. */
const char *
settings_unknown(const struct svc_service *service, struct cs_arena *arena)
{
	const char *names = "";

	for (char **at = environ; *at != NULL; at++) {
		const int len = (int)strcspn(*at, "=");
		const char *name = cs_arena_printf(arena, "%.*s", len, *at);

		if (strncmp(name, "CS_", 3) == 0 && !is_known(service, name))
			names = cs_arena_printf(arena, "%s%s%s", names, names[0] ? " " : "", name);
	}
	return names;
}

static void
help_one(const struct svc_setting *setting)
{
	bool hidden = setting->kind == SVC_KIND_SECRET || setting->kind == SVC_KIND_PRIVATE;
	const char *mode = hidden ? ": path of a file with mode 0400" : "";

	(void)printf("  %-24s %s\n", setting->name, setting->help);
	if (setting->kind == SVC_KIND_U32)
		(void)printf("  %-24s from %u to %u, default %s\n", "", setting->min, setting->max,
		    setting->fallback == NULL ? "none: required" : setting->fallback);
	else if (setting->fallback == NULL)
		(void)printf("  %-24s required%s\n", "", mode);
	else
		(void)printf("  %-24s default \"%s\"%s\n", "", setting->fallback, mode);
}

void
settings_help(const struct svc_service *service)
{
	(void)printf("%s: %s\n\n"
		     "usage: %s [--help | --check-settings | --print-settings | --version]\n\n"
		     "Settings are environment variables:\n",
	    service->name, service->summary, service->name);
	for (size_t i = 0; i < COMMON_COUNT; i++)
		if (applies(service, common_table[i].who))
			help_one(&common_table[i].setting);
	for (const struct svc_setting *s = service->settings; s != NULL && s->kind != SVC_KIND_END;
	     s++)
		if (!is_of_skeleton(service, s))
			help_one(s);
}

/* As they are in force; of secrets only that they are set.  URLs are shown without a password. */
static void
show_one(struct cs_buf *buf, const struct svc_setting *setting, struct cs_arena *arena)
{
	const char *text = getenv(setting->name);
	const char *at, *colon;

	if (text == NULL)
		text = setting->fallback == NULL ? "" : setting->fallback;
	if (strstr(text, "password=") != NULL)
		text = "***";
	at = strrchr(text, '@');
	colon = at == NULL
		    ? NULL
		    : strchr(strstr(text, "://") == NULL ? text : strstr(text, "://") + 3, ':');
	if (colon != NULL && colon < at)
		text = cs_arena_printf(arena, "%.*s:***%s", (int)(colon - text), text, at);
	cs_buf_printf(buf, "%s=%s\n", setting->name, text);
}

struct cs_span
settings_text(const struct svc_service *service, struct cs_arena *arena)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < COMMON_COUNT; i++)
		if (applies(service, common_table[i].who))
			show_one(&buf, &common_table[i].setting, arena);
	for (const struct svc_setting *s = service->settings; s != NULL && s->kind != SVC_KIND_END;
	     s++)
		if (!is_of_skeleton(service, s))
			show_one(&buf, s, arena);
	return cs_buf_span(&buf);
}

void
settings_print(const struct svc_service *service, struct cs_arena *arena)
{
	const struct cs_span text = settings_text(service, arena);

	(void)printf("%.*s", (int)text.len, (const char *)text.data);
}
