/* SPDX-License-Identifier: Apache-2.0 */
/*
 * organization_id.h: organizationIdentifier and countries (SBR 7.1.4.2.2, appendix A.1).  Inside smime only.
 * The lints read the same rules on their own (libs/pki/lint_organization.c): they judge what came of this.
 */
#ifndef SMIME_ORGANIZATION_ID_H
#define SMIME_ORGANIZATION_ID_H

#include "base/refusal.h"

/* ISO 3166-1 alpha-2, or "XX", where there is no code. */
bool smime_country_known(const char *country);

/* `country`: of the subject, or NULL. */
bool
smime_organization_id_holds(const char *value, const char *country, struct cs_refusal *ret_why);

#endif
