#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# architecture.sh OBJECTS: does the code still have the shape that README.md promises?  Includes point downwards,
# each third-party header has one door, decisions are pure.  OBJECTS: a directory that everything was built into.
# Prints each breach; status 1 when there is one.
set -u
cd "$(dirname "$0")/../.."
objects=${1:?the directory of the objects}
breaches=$(mktemp)
trap 'rm -f "$breaches"' EXIT

# Lines on stdin are breaches of the rule "$1".
breach() {
	sed "s|^|$1: |" >>"$breaches"
}

sources() {
	find libs services -name '*.[ch]' "$@" | sort
}

# ---- who may include what ----

# Third-party headers, as a pattern, and the one place that may name them; tests of that place count as it.
doors='
nats/                       libs/bus
libpq-fe\.h                 libs/db
unbound                     libs/dns
curl/                       libs/http
evhttp\.h|event2/http       libs/http
openssl/                    libs/pki
p11-kit/                    libs/pki
sodium(\.h|/)               libs/pki
idn2\.h|libpsl\.h           libs/smime
seccomp\.h                  libs/sandbox
argon2\.h                   libs/stretch
libxml/|xmlsec/            libs/saml
gmime/                      libs/reply
yaml\.h                     libs/yaml
'

check_doors() {
	echo "$doors" | while read -r header home; do
		[ -n "$header" ] || continue
		sources | xargs grep -nE "^#include <($header)" | grep -v "^$home/" |
		    breach "only $home may include it"
	done
}

# What each library may include beside base and itself.  Adapters (bus db dns http mail pki) stand beside each
# other and know nothing of each other; log is for those who run a process.
edges='
base
log
sandbox
stretch    sandbox
smime
catalogue
pack
pki
audit      pki
bus
db
dns        smime
http
mail
lmtp
dkim       smime pki
reply      sandbox pack smime pki dkim
claim      smime pki pack
connector  pki claim
oidc       pki connector
saml       pki connector
outward    http connector
login      sandbox http connector outward oidc saml pki
directory  sandbox http connector outward
trial      sandbox http connector outward directory oidc saml
gate       smime pki claim
probe      sandbox pack smime pki dns http claim
answers    pki db probe claim
status
yaml
svc        log sandbox catalogue pki bus db dns http mail claim
'
# proto/: generated headers, see check_generated.  tests/: a library's own test helpers.
always='base proto tests'

check_edges() {
	for lib in libs/*; do
		name=${lib##*/}
		line=$(echo "$edges" | awk -v name="$name" '$1 == name {print "known", $0}')
		[ -n "$line" ] || { echo "libs/$name" | breach "not in the table of edges"; continue; }
		find "$lib" -name '*.[ch]' | sort | xargs grep -noE '^#include "[a-z0-9_-]+/' |
		    awk -F'"' -v may="$always ${line#known }" '
			BEGIN { n = split(may, list, " "); for (i = 1; i <= n; i++) ok[list[i]] = 1 }
			{ to = $2; sub("/$", "", to); if (!(to in ok)) print $1 "\"" $2 }' |
		    breach "libs/$name may not include it"
	done
}

# A service sees libraries and itself; the quote path would let it reach further.
check_services() {
	sources -path 'libs/*' | xargs grep -nE '^#include "(\.\./)*services/' | breach "a library includes a service"
	sources -not -path '*/tests/*' | xargs grep -nE '^#include "[^"]*\.\./' | breach "an include climbs"
	sources -path '*/tests/*' | xargs grep -nE '^#include "[^"]*\.\./[^"]*/' | breach "an include climbs too far"
	for service in services/*; do
		find "$service" -name '*.[ch]' | sort | xargs grep -nE '^#include "[^"/]+"' | while IFS=: read -r file line text; do
			header=${text#*\"}
			header=${header%\"*}
			[ -e "$service/$header" ] || [ -e "$(dirname "$file")/$header" ] || echo "$file:$line: $header"
		done | breach "not a header of this service"
	done
}

check_generated() {
	sources -not -path '*/tests/*' -not -name 'wire.[ch]' -not -path 'libs/pack/*' |
	    xargs grep -nE '(\.pb-c\.h|protobuf-c/|"pack/)' | breach "generated types belong into wire.[ch]"
	sources -path 'libs/pack/*.[ch]' -not -path '*/tests/*' | xargs grep -n '\.pb-c\.h' |
	    breach "libs/pack knows no message"
}

# What is signed was linted: the one door beside pki_lint_pass opens inside pki only.
check_signing() {
	sources -not -path '*/tests/*' -not -path 'libs/pki/*' |
	    xargs grep -nE '"pki/(issuer_raw|lint_rules|signer)\.h"' | breach "only libs/pki signs what was not linted"
}

# The toy services of the skeleton's own tests are one file each.
check_sql() {
	sources -not -name store.c -not -name 'store_*.c' -not -name 'it_*.c' -not -name fake_toy.c -not -path libs/svc/tests/fake_stage.c | xargs grep -niE '"(select|insert into|update|delete from|with [a-z_]+ as) ' |
	    breach "SQL belongs into store.c, store_*.c"
}

check_words() {
	sources -path 'libs/*' -not -path 'libs/log/*' -not -path 'libs/svc/*' |
	    xargs grep -nE '\blog_(debug|info|warn|error)\(' | breach "a library does not log"
	sources | xargs grep -nE '^typedef (struct|enum|union) [a-z_]* *\{' | breach "no typedef for a struct or an enum"
	sources -not -path '*/tests/*' | xargs grep -LF 'SPDX-License-Identifier: Apache-2.0' | breach "no licence line"
	sources | xargs grep -nE '\b(TODO|FIXME)\b($|[^(])' | breach "TODO has an issue number or is not there"
}

# ---- what the objects say ----

our_objects() {
	for directory in "$@"; do
		find "$objects/$directory" -name '*.o' -not -path '*/tests/*' | sort
	done
}

# Constants that hold addresses lie in .data.rel.ro: read-only once loaded.
check_globals() {
	for object in $(our_objects libs services); do
		objdump -t "$object" | awk -v file="${object#"$objects/"}" '
			/ O / { for (i = 3; i <= 5; i++) if ($i ~ /^(\.t?(data|bss)|\*COM\*)/ && $i !~ /^\.data\.rel\.ro/)
				print file ": " $NF }'
	done | breach "a writable global"
}

# Memory of a service is an arena's.  csctl frees what json_dumps() gives it.
check_heap() {
	for object in $(our_objects services); do
		case $object in */csctl/*) continue ;; esac
		nm -u "$object" | awk -v file="${object#"$objects/"}" '
			$2 ~ /^(malloc|calloc|realloc|reallocarray|free|strdup|strndup|v?asprintf)$/ { print file ": " $2 }'
	done | breach "memory that is not an arena's"
}

# The files that decide: SHORT.c and SHORT_*.c of each service.  A program's work may not be needed by them: files,
# sockets, clocks, randomness, the environment, threads, the heap, the store, the bus, the log.  The signer's (-) are libs/gate.
pure='
request-intake     intake
policy             policy
policy             people
policy             config
mailbox-validator  mailbox
domain-validator   domain
caa-dnssec         caa
mpic-coordinator   mpic
mpic-coordinator   open_mpic
mpic-perspective   perspective
signer             -
notifier           notify
certificate-status status
'
impure='p?(read|write)v?(64)?|open(at)?(64)?|creat|close|f(open|dopen|close|read|write|flush|gets|puts|putc|getc|seek)|puts|putc|putchar
getc|getline|v?f?printf|v?dprintf|perror|syslog|ioctl|fcntl(64)?|f?sync|fdatasync|[fl]?stat(64|x)?|unlink|rename|mkdir|opendir|readdir
mmap|socket|connect|accept4?|bind|listen|shutdown|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|p?poll|p?select|epoll_.*|getaddrinfo|res_.*
time|clock|clock_.*|gettimeofday|localtime(_r)?|ctime(_r)?|mktime|timerfd_.*|n?sleep|usleep|nanosleep|getrandom|getentropy|s?rand(om)?(_r)?
(secure_)?getenv|setenv|setlocale|fork|v?exec.*|posix_spawn.*|system|popen|kill|raise|signal|sigaction|abort|_?exit|pthread_.*|syscall
malloc|calloc|realloc|reallocarray|free|strdup|strndup|v?asprintf|cs_random|cs_id_new|cs_now_ms|cs_mono_.*|cs_arena_(new|free)
(bus|db|dns|http|smtp|svc|log|store|wire|event|natsConn.*|PQ.*|ub|curl)_.*|[a-z0-9_]+_(load|open_file|read_file)'

check_pure() {
	pattern=$(echo "$impure" | tr '\n' '|')
	echo "$pure" | while read -r service short; do
		[ -n "$service" ] && [ -d "services/$service" ] || continue
		set -- "services/$service/$short.c" "services/$service/${short}"_*.c
		[ "$short" != - ] || set -- libs/gate/*.c
		[ -e "$1" ] || echo "$1 is not there"
		for source in "$@"; do
			[ -e "$source" ] || continue
			object=$objects/${source%.c}.o
			[ -e "$object" ] || { echo "$object was not built"; continue; }
			# Fortified and plain forms are the same call: __read_chk, read.
			nm -u "$object" | awk '{print $2}' | sed 's/^__\([a-z_0-9]*\)_chk$/\1/; s/^__isoc99_//' |
			    grep -xE "$pattern" | sed "s|^|$source needs |"
		done
	done | breach "decisions are pure"
}

check_doors
check_edges
check_services
check_generated
check_signing
check_sql
check_words
check_globals
check_heap
check_pure
if [ -s "$breaches" ]; then
	cat "$breaches"
	exit 1
fi
