/* SPDX-License-Identifier: Apache-2.0 */
#include "csctl.h"

int
main(int argc, char *argv[])
{
	return commands_run(argc - 1, argv + 1);
}
