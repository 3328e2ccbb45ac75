#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it with a directory of slapd's, and with servers that are none, on loopback.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/it-directory.XXXXXX")
pids=
stop() {
	for p in $pids; do kill "$p" 2>/dev/null || :; done
	for p in $pids; do wait "$p" 2>/dev/null || :; done
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

for name in server stranger; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$name" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
		-keyout "$dir/$name.key" -out "$dir/$name.pem" 2>/dev/null
done

mkdir "$dir/db"
cat >"$dir/slapd.conf" <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile $dir/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile $dir/server.pem
TLSCertificateKeyFile $dir/server.key
database mdb
maxsize 10485760
suffix "dc=example"
directory $dir/db
END
# Alice; somebody whose name wants escapes; Bob below whom a careless template would lead; who has no password.
cat >"$dir/people.ldif" <<END
dn: dc=example
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=example
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Example
userPassword: correct horse

dn: uid=\\#o\\"a\\, ou\\=admins\\+1 \\<x\\>\\;\\\\ ,ou=people,dc=example
objectClass: inetOrgPerson
uid:: I28iYSwgb3U9YWRtaW5zKzEgPHg+O1wg
cn: Odd
sn: Example
userPassword: odd

dn: uid=empty,ou=people,dc=example
objectClass: inetOrgPerson
uid: empty
cn: Empty
sn: Example
END
slapadd -f "$dir/slapd.conf" -l "$dir/people.ldif"
port() {
	/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
CS_IT_LDAPS=$(port)
CS_IT_LDAP=$(port)
slapd -f "$dir/slapd.conf" -h "ldaps://127.0.0.1:$CS_IT_LDAPS/ ldap://127.0.0.1:$CS_IT_LDAP/" -d 0 &
pids="$pids $!"
/usr/bin/python3 - "$CS_IT_LDAPS" <<'END'
import socket, sys, time

until = time.monotonic() + 20
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close()
        break
    except OSError:
        if time.monotonic() > until:
            sys.exit("slapd does not listen")
        time.sleep(0.05)
END
mkfifo "$dir/ready"
/usr/bin/python3 "$here/hostile_directory.py" "$dir" >"$dir/ready" &
pids="$pids $!"
read -r settings <"$dir/ready"
export $settings CS_IT_LDAPS CS_IT_LDAP
export CS_IT_CA="$dir/server.pem"
"$@"
