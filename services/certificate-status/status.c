/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <string.h>

#define HOUR_S INT64_C(3600)
#define DAY_S (24 * HOUR_S)

enum { HOLD = 6, KEY_COMPROMISE = 1 };

static unsigned
weight(const struct status_facts *facts)
{
	if (!facts->revoked)
		return 0;
	if (facts->reason == HOLD)
		return 1;
	return facts->reason == KEY_COMPROMISE ? 3 : 2;
}

/* Is `a` what is to be told, rather than `b`?  The last rule makes equals of two reasons one. */
static bool
comes_first(const struct status_facts *a, const struct status_facts *b)
{
	if (weight(a) != weight(b))
		return weight(a) > weight(b);
	if (a->revoked_at_ms != b->revoked_at_ms)
		return a->revoked_at_ms < b->revoked_at_ms;
	return a->reason > b->reason;
}

struct status_facts
status_merge(const struct status_facts *have, const struct status_facts *said)
{
	if (have == NULL)
		return *said;
	struct status_facts both = comes_first(said, have) ? *said : *have;

	both.not_after_ms =
	    have->not_after_ms > said->not_after_ms ? have->not_after_ms : said->not_after_ms;
	return both;
}

bool
status_is_reason(uint32_t reason)
{
	return reason <= 9 && reason != 2 && reason != 7 && reason != 8;
}

const char *
status_rules_fault(const struct status_rules *rules)
{
	if (rules->valid_s < 8 * HOUR_S || rules->valid_s > 10 * DAY_S)
		return "an OCSP answer is valid for 8 hours to 10 days (SBR 4.9.10)";
	if (rules->valid_s < 16 * HOUR_S && rules->renew_s > rules->valid_s / 2)
		return "an OCSP answer is replaced before half of its time is over (SBR 4.9.10)";
	if (rules->valid_s >= 16 * HOUR_S &&
	    (rules->renew_s > rules->valid_s - 8 * HOUR_S || rules->renew_s > 4 * DAY_S))
		return "an OCSP answer is replaced 8 hours before its end and within 4 days "
		       "(SBR 4.9.10)";
	return NULL;
}

enum status_can
status_times(const struct status_rules *rules, int64_t now_s, int64_t known_s,
    int64_t responder_end_s, struct status_times *ret_times)
{
	const int64_t from_s = known_s < now_s ? known_s : now_s;
	int64_t until_s = from_s + rules->valid_s;

	if (until_s <= now_s)
		return STATUS_KNOWLEDGE_OLD;
	if (until_s > responder_end_s)
		until_s = responder_end_s;
	if (until_s - from_s < 8 * HOUR_S || until_s <= now_s)
		return STATUS_RESPONDER_ENDS;
	*ret_times = (struct status_times){ from_s, until_s };
	return STATUS_CAN;
}

int64_t
status_unknown_until(const struct status_times *times, int64_t now_s)
{
	const int64_t least_s = now_s + 8 * HOUR_S; /* thisUpdate is not after now */

	return least_s < times->next_update_s ? least_s : times->next_update_s;
}

int64_t
status_known_s(int64_t memory_s, const struct status_times *crl)
{
	return crl != NULL && crl->next_update_s < memory_s ? crl->next_update_s : memory_s;
}

bool
status_must_renew(
    const struct status_rules *rules, const struct status_times *times, int64_t known_s)
{
	return known_s - times->this_update_s >= rules->renew_s;
}

int64_t
status_max_age(const struct status_rules *rules, int64_t next_update_s, int64_t now_s)
{
	const int64_t left_s = next_update_s - now_s;

	if (left_s <= 0)
		return 0;
	return left_s < rules->max_age_s ? left_s : rules->max_age_s;
}

bool
status_has_time(struct status_spent *spent, int64_t now_us, uint32_t percent)
{
	const int64_t second_us = 1000000;

	if (now_us - spent->since_us >= second_us)
		*spent = (struct status_spent){ .since_us = now_us };
	return spent->spent_us < second_us / 100 * percent;
}

bool
status_crl_is_stale(const struct status_times *times, int64_t now_s, bool of_root)
{
	return now_s > times->next_update_s ||
	       (!of_root && now_s - times->this_update_s > 7 * DAY_S);
}

bool
status_is_label(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' ||
		    strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", text[i]) == NULL)
			return false;
	return len > 0 && len <= STATUS_LABEL_MAX && text[0] != '.';
}

/* Decimal without leading zeros. */
static bool
read_partition(const char *text, size_t len, uint32_t *ret_partition)
{
	uint32_t partition = 0;

	if (len == 0 || len > 4 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		partition = partition * 10 + (uint32_t)(text[i] - '0');
	}
	*ret_partition = partition;
	return partition <= STATUS_PARTITIONS_MAX;
}

bool
status_crl_name(const char *name, bool of_partition, size_t *ret_len, uint32_t *ret_partition)
{
	const size_t len = strlen(name);

	if (len <= 4 || strcmp(name + len - 4, ".crl") != 0)
		return false;
	*ret_len = len - 4;
	*ret_partition = 0;
	if (!of_partition)
		return status_is_label(name, *ret_len);
	size_t dash = *ret_len;
	while (dash > 0 && name[dash - 1] != '-')
		dash--;
	if (dash == 0 || !read_partition(name + dash, *ret_len - dash, ret_partition))
		return false;
	*ret_len = dash - 1;
	return status_is_label(name, *ret_len);
}

bool
status_url_is_of(const char *url, const char *label, uint32_t partition)
{
	const char *slash = strrchr(url, '/');
	size_t len;
	uint32_t said;

	if (slash == NULL || !status_crl_name(slash + 1, true, &len, &said) ||
	    len != strlen(label) || memcmp(slash + 1, label, len) != 0)
		return true;
	return said == partition;
}
