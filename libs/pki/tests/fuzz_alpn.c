/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate from a stranger's TLS server: whatever it is, it is judged, and shown to people in ASCII. */
#include <string.h>

#include "pki/alpn.h"
#include "pki/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span der = cs_span_of(data, size);
	static const uint8_t digest[PKI_SHA256];
	const enum pki_alpn_finding finding = pki_alpn_judge(der, "good.tls.alpha.example", digest);
	const char *text = pki_certificate_text(arena, der);

	cs_assert(pki_alpn_finding_name(finding) != NULL);
	cs_assert(strlen(text) <= 403);
	for (const char *p = text; *p != '\0'; p++)
		cs_assert(*p >= 0x20 && *p < 0x7f);
	cs_arena_free(arena);
	return 0;
}
