/* SPDX-License-Identifier: Apache-2.0 */
/* fake_post.h: mails and keys from fixtures/. */
#ifndef DKIM_TESTS_FAKE_POST_H
#define DKIM_TESTS_FAKE_POST_H

#include "base/arena.h"

struct cs_span fixture(struct cs_arena *arena, const char *name);

#endif
