/* SPDX-License-Identifier: Apache-2.0 */
#include "trusted.h"

#include "csctl.h"
#include "store_audit.h"

#define PAGE 1000

enum cs_code
trusted_load(struct claim_trust **ret, struct cs_err *err)
{
	const char *path = setting("CS_TRUST_FILE", "the signed trust table");
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");

	if (path == NULL || approvers == NULL)
		return cs_fail(err, CS_MALFORMED, "no trust table");
	return claim_trust_load(path, approvers, ret, err);
}

enum cs_code
trusted_prove(struct db *db, struct cs_arena *arena, int64_t seq, uint64_t size,
    struct audit_proof *ret, struct cs_err *err)
{
	struct cs_buf leaves = cs_buf_new(arena);
	struct cs_arena *page_arena = cs_arena_new();
	enum cs_code code = CS_OK;
	int64_t last = 0;
	size_t n = PAGE;

	while (code == CS_OK && n == PAGE) {
		struct store_audit *page;
		uint8_t leaf[AUDIT_HASH];

		cs_arena_reset(page_arena);
		code = store_audit_page(db, page_arena, last, (int64_t)size, PAGE, &page, &n, err);
		for (size_t i = 0; code == CS_OK && i < n; i++) {
			audit_leaf(&page[i].record, leaf);
			cs_buf_add(&leaves, leaf, AUDIT_HASH);
			last = page[i].record.seq;
		}
	}
	cs_arena_free(page_arena);
	if (code != CS_OK)
		return code;
	if (leaves.len != size * AUDIT_HASH || seq < 1 || (uint64_t)seq > size)
		return cs_fail(err, CS_INTERNAL, "records are missing: see csctl audit verify");
	audit_prove_leaf(leaves.data, (uint64_t)seq - 1, size, ret);
	return CS_OK;
}
