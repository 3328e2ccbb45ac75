/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: the rows of certificate-status: for batches, and for the memory of each replica. */
#ifndef STATUS_STORE_H
#define STATUS_STORE_H

#include "handler.h"

/* svc_store: aggregates are struct status_row. */
enum cs_code store_load_rows(struct svc_batch *batch, struct cs_err *err);
enum cs_code store_save_rows(struct svc_batch *batch, struct cs_err *err);
svc_sweep store_sweep_certificates;

/* Where reading goes on.  All zero: from the first row. */
struct store_cursor {
	int64_t changed;
	struct cs_id id;
};

struct store_certificate {
	const char *issuer;
	struct cs_span serial;
	struct status_facts facts;
};

struct store_crl {
	const char *issuer;
	uint32_t partition;
	int64_t number;
};

/* The answer of store_read_page, as a struct in the query's arena; `ask` is a struct store_cursor. */
struct store_page {
	struct store_certificate *certificates;
	size_t n;
	bool more;                /* certificates, from `next` on */
	struct store_cursor next; /* with more */
	int64_t oldest;           /* what is written from now on is `changed` by this or later */
	struct store_crl *crls;   /* the newest of each */
	size_t n_crls;
};
svc_query store_read_page;

/* The octets of a CRL; `ask` is a struct cs_id, the key of its row.  CS_NOT_FOUND. */
svc_query store_read_crl;

/* The key of a CRL's row. */
struct cs_id status_crl_key(const char *issuer, uint32_t partition);

#endif
