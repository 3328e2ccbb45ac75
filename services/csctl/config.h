/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: what the commands about settings share: paths of the API below /v1/config, and all documents of a kind. */
#ifndef CSCTL_CONFIG_H
#define CSCTL_CONFIG_H

#include "api.h"

/* The URL of a path below /v1/config; each of `parts`, ended by NULL, may be any text. */
const char *config_url(const struct api *api, const char *const *parts, const char *query);

typedef int config_each(void *arg, json_t *document);
/*
 * Calls `each` for every document of these, page by page, until it says something else than DONE.  What is not
 * DONE was said.
 */
int
config_all(struct api *api, const char *enterprise, const char *kind, config_each *each, void *arg);
typedef int config_each_kind(void *arg, const char *kind);
/* The same for every kind that the API knows. */
int config_all_kinds(struct api *api, config_each_kind *each, void *arg);

#endif
