/* SPDX-License-Identifier: Apache-2.0 */
#include "claim/seen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

/* A digest belongs into one row; the oldest of the row makes place. */
struct row {
	uint8_t digests[CLAIM_SEEN_WAYS][PKI_SHA256];
	uint8_t used, next;
};

struct claim_seen {
	pthread_mutex_t lock;
	struct row rows[CLAIM_SEEN_ROWS];
};

struct claim_seen *
claim_seen_new(void)
{
	struct claim_seen *seen = calloc(1, sizeof(*seen));

	cs_assert(seen != NULL && pthread_mutex_init(&seen->lock, NULL) == 0);
	return seen;
}

void
claim_seen_free(struct claim_seen *seen)
{
	if (seen == NULL)
		return;
	(void)pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static struct row *
row_of(struct claim_seen *seen, const uint8_t digest[static PKI_SHA256])
{
	return &seen->rows[(digest[0] | (size_t)digest[1] << 8) % CLAIM_SEEN_ROWS];
}

static bool
has(struct claim_seen *seen, const uint8_t digest[static PKI_SHA256])
{
	bool found = false;

	pthread_mutex_lock(&seen->lock);
	const struct row *row = row_of(seen, digest);
	for (size_t i = 0; i < row->used; i++)
		found |= memcmp(row->digests[i], digest, PKI_SHA256) == 0;
	pthread_mutex_unlock(&seen->lock);
	return found;
}

static void
add(struct claim_seen *seen, const uint8_t digest[static PKI_SHA256])
{
	pthread_mutex_lock(&seen->lock);
	struct row *row = row_of(seen, digest);
	memcpy(row->digests[row->next], digest, PKI_SHA256);
	row->next = (uint8_t)((row->next + 1) % CLAIM_SEEN_WAYS);
	if (row->used < CLAIM_SEEN_WAYS)
		row->used++;
	pthread_mutex_unlock(&seen->lock);
}

bool
claim_seen_verify(struct claim_seen *seen, const uint8_t public_key[static 32], struct cs_span data,
    const uint8_t signature[static 64])
{
	/* Key and signature have fixed lengths, so that the parts cannot be divided in another way. */
	const struct cs_span parts[] = { cs_span_of(public_key, PKI_ED25519_PUBLIC),
		cs_span_of(signature, PKI_ED25519_SIGNATURE), data };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), digest);
	if (has(seen, digest))
		return true;
	if (!pki_ed25519_verify(public_key, data, signature))
		return false;
	add(seen, digest);
	return true;
}
