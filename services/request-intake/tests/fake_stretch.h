/* SPDX-License-Identifier: Apache-2.0 */
/* fake_stretch.h: stretch.h without children and without work. */
#ifndef INTAKE_TESTS_FAKE_STRETCH_H
#define INTAKE_TESTS_FAKE_STRETCH_H

#include "stretch/stretch.h"

/* So many at once, from now on; nothing waits. */
void fake_stretch_use(size_t room);
void fake_stretch_die(unsigned after); /* the children, when so many more were stretched */
/* What was asked is done, and what is asked by whom that tells. */
void fake_stretch_settle(void);
/* What comes of a password here. */
void fake_stretch_proof(struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost, uint8_t ret_proof[static STRETCH_PROOF]);

#endif
