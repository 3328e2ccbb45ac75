# SPDX-License-Identifier: Apache-2.0
# Makes of all migrations one C table: service (or "" for the skeleton's), name, text.
FNR == 1 {
	if (NR != FNR) print "\t},"
	else print "/* Generated from the sql folders. */\n#include \"migrate.h\"\n\nconst struct migration migrations[] = {"
	n = split(FILENAME, part, "/")
	printf "\t{ \"%s\", \"%s\",\n", part[1] == "libs" ? "" : part[n - 2], part[n]
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\t\"%s\\n\"\n", $0
}
END { print "\t},\n\t{ NULL, NULL, NULL },\n};" }
