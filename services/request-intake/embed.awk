# SPDX-License-Identifier: Apache-2.0
# embed.awk: makes of a text file a C string named `name`.
BEGIN {
	print "/* Generated. */"
	print "extern const char " name "[];"
	print "const char " name "[] ="
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "    \"" $0 "\\n\""
}
END {
	print "    \"\";"
}
