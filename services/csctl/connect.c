/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c: the bus, as a tool reaches it. */
#include "bus/bus.h"
#include "csctl.h"

enum cs_code
connect_bus(const char *name, struct bus **ret_bus, struct cs_err *err)
{
	const struct bus_settings settings = { .urls = setting("CS_NATS_URL", "tls://host:4222"),
		.ca_file = setting("CS_NATS_CA_FILE", "PEM of the CA of the NATS servers"),
		.seed_file =
		    setting("CS_NATS_SEED_FILE", "nkey: the seed and the public key, a line each"),
		.name = name };

	if (settings.urls == NULL || settings.ca_file == NULL || settings.seed_file == NULL)
		return cs_fail(err, CS_MALFORMED, "not all settings of the bus are there");
	return bus_open(&settings, ret_bus, err);
}
