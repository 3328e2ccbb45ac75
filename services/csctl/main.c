/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "csctl.h"
#include "pki/token.h"

/* A verdict that could not be written is none: a script must not take silence for a yes. */
int
main(int argc, char *argv[])
{
	pki_token_child_main(argc, argv);
	int status = commands_run(argc - 1, argv + 1);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "csctl: the output cannot be written\n");
	return COULD_NOT_RUN;
}
