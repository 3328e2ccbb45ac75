/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h: which characters a local part outside ASCII may be made of, so that it looks like itself
 * and nothing else.  Inside smime only.
 */
#ifndef SMIME_SCRIPT_H
#define SMIME_SCRIPT_H

#include "base/span.h"

/*
 * NULL: `text` (valid UTF-8) is made of letters, marks and digits of scripts that are written
 * together (UTS 39 5.2, "highly restrictive") and ASCII.  Otherwise what is wrong, for people.
 */
const char *smime_script_fault(struct cs_span text);

#endif
