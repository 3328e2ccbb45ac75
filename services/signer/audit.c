/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <string.h>

#include "pki/hash.h"

#define LABEL "countersign/audit/v1"

static void
put_be64(uint8_t out[static 8], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* Label NUL, the hash before, sequence, time, request, length and octets of action and of detail. */
static void
hash_row(const struct audit_row *row, uint8_t ret_hash[static AUDIT_HASH])
{
	uint8_t seq[8], at[8], action_len[8], detail_len[8];
	const struct cs_span action = cs_span_str(row->action), detail = cs_span_str(row->detail);
	const struct cs_span parts[] = {
		{ (const uint8_t *)LABEL, sizeof(LABEL) },
		{ row->prev_hash, AUDIT_HASH },
		{ seq, sizeof(seq) },
		{ at, sizeof(at) },
		{ row->request.octets, sizeof(row->request.octets) },
		{ action_len, sizeof(action_len) },
		action,
		{ detail_len, sizeof(detail_len) },
		detail,
	};

	put_be64(seq, (uint64_t)row->seq);
	put_be64(at, (uint64_t)row->at_ms);
	put_be64(action_len, action.len);
	put_be64(detail_len, detail.len);
	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), ret_hash);
}

void
audit_link(struct audit_row *rows, size_t n, int64_t seq, const uint8_t hash[static AUDIT_HASH])
{
	for (size_t i = 0; i < n; i++) {
		rows[i].seq = ++seq;
		memcpy(rows[i].prev_hash, hash, AUDIT_HASH);
		hash_row(&rows[i], rows[i].hash);
		hash = rows[i].hash;
	}
}

size_t
audit_first_bad(const struct audit_row *rows, size_t n)
{
	static const uint8_t start[AUDIT_HASH];
	const uint8_t *before = start;

	for (size_t i = 0; i < n; i++) {
		uint8_t hash[AUDIT_HASH];

		hash_row(&rows[i], hash);
		if (rows[i].seq != (int64_t)i + 1 ||
		    memcmp(rows[i].prev_hash, before, AUDIT_HASH) != 0 ||
		    memcmp(rows[i].hash, hash, AUDIT_HASH) != 0)
			return i;
		before = rows[i].hash;
	}
	return n;
}
