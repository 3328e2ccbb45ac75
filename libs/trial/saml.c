/* SPDX-License-Identifier: Apache-2.0 */
/* saml.c: what an identity provider says of itself (SAML 2.0 Metadata), told line by line.  Pure. */
#include "internal.h"
#include "saml/metadata.h"

void
trial_saml_judge(struct trial_lines *lines, struct cs_span document, bool clear, int64_t now_s)
{
	struct saml_provider provider;
	struct cs_refusal why;
	const bool good =
	    saml_metadata_judge(lines->arena, document, clear, now_s, &provider, &why);

	if (provider.entity_id != NULL)
		trial_say(
		    lines, "entityID: %s", trial_quote(lines, cs_span_str(provider.entity_id)));
	if (provider.sign_on != NULL)
		trial_say(lines, "people log in at %s",
		    trial_quote(lines, cs_span_str(provider.sign_on)));
	if (provider.wants_signed)
		trial_say(lines,
		    "it wants requests to be signed (WantAuthnRequestsSigned), which ours are not: it may refuse "
		    "them");
	if (good)
		trial_say(lines, "certificates for signatures: %zu", provider.n_keys);
	else
		trial_blame(lines, "%s", why.text);
	if (provider.n_passed > 0)
		trial_say(lines,
		    "certificates that were passed over, with keys that are not taken: %zu",
		    provider.n_passed);
	trial_say(lines, "its signature was not checked");
}
