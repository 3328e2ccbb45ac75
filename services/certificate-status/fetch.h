/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h: asks the signer for CRLs that are newer than ours, now and every half minute.  Loop thread. */
#ifndef STATUS_FETCH_H
#define STATUS_FETCH_H

struct fetch;
struct status_service;

struct fetch *fetch_open(struct status_service *status);
void fetch_close(struct fetch *fetch); /* takes NULL */
/* At once, or once more when the round under way has ended. */
void fetch_now(struct fetch *fetch);

#endif
