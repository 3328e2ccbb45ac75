#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it with a small internet on loopback: a signed root, the top-level domain "example" and
# customers' zones in every state of DNSSEC, served by nsd on NET.1 (root), NET.2 (example), NET.3 (zones).
# The test itself plays the servers NET.8 (says SERVFAIL) and NET.9 (says nothing).  Port 53 needs root.
set -eu
# Of this process alone while it lives, and outside the blocks of the test stack (127.64 to 127.127).
NET=${CS_DNS_IT_NET:-127.$((130 + $$ / 250 % 60)).$(($$ % 250))}
dir=$(mktemp -d "${TMPDIR:-/tmp}/it-dns.XXXXXX")
pids=
stop() {
	for p in $pids; do kill "$p" 2>/dev/null || :; done
	for p in $pids; do wait "$p" 2>/dev/null || :; done
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM
cd "$dir"

# zone NAME: its records on stdin, below the SOA and NS that every zone here has.
zone() {
	{
		printf '$ORIGIN %s.\n$TTL 300\n' "$1"
		printf '@ SOA ns.infra.example. hostmaster.infra.example. 1 3600 900 86400 300\n'
		cat
	} >"$1.zone"
}
# sign NAME [OPTIONS of ldns-signzone]: makes NAME.zone.signed, and its DS in NAME.ds
sign() {
	name=$1 file=${1:-root}
	[ "$name" = . ] && file=root
	shift
	key=$(ldns-keygen -r /dev/urandom -a "${ALGORITHM:-ECDSAP256SHA256}" -k "$name")
	ldns-signzone "$@" -o "$name" -f "$file.zone.signed" "$file.zone" "$key"
	ldns-key2ds -n -2 "$file.zone.signed" | grep '[[:space:]]DS[[:space:]]' >"$file.ds"
}

customer='@ NS ns.infra.example.'
zone infra.example <<END
@ NS ns
ns A $NET.3
END
zone secure.example <<END
$customer
@ CAA 0 issuemail "ca.example"
@ TXT "token" "-one"
@ TXT "other"
@ MX 10 mx
mx A 192.0.2.1
mx AAAA 2001:db8::1
deny CAA 0 issuemail ";"
child.deny TXT "only text"
iodef.deny CAA 0 iodef "mailto:x@example.org"
toinsecure CNAME deny.insecure.example.
tobogus CNAME bogus.example.
toed448 CNAME www.ed448.example.
chain448 CNAME chain.insecure.example.
tochild CNAME www.child.secure.example.
child NS ns.infra.example.
x1 CNAME x2
x2 CNAME deny
loop1 CNAME loop2
loop2 CNAME loop1
hostile CAA 0 issuemail "ca.example\000\255\013\010<script>"
d DNAME t.secure.example.
sub.t CAA 0 issuemail "ca.example"
END
zone nocaa.example <<END
$customer
www TXT "x"
alias CNAME www.parentdenies.example.
below.aliased TXT "x"
aliased CNAME deny.secure.example.
END
zone parentdenies.example <<END
$customer
@ CAA 0 issuemail ";"
www TXT "x"
alias CNAME www.nocaa.example.
d DNAME t.secure.example.
END
zone insecure.example <<END
$customer
@ TXT "plain"
deny CAA 0 issuemail ";"
chain CNAME www.ed448.example.
END
zone child.secure.example <<END
$customer
www TXT "plain, below what is signed"
END
zone ed448.example <<END
$customer
www TXT "signed, as only few can check"
deny CAA 0 issuemail ";"
sub NS ns.infra.example.
END
zone sub.ed448.example <<END
$customer
END
for z in bogus nosig forgeddenial; do
	zone $z.example <<END
$customer
@ CAA 0 issuemail "other.example"
@ TXT "genuine"
www TXT "genuine"
END
done
zone expired.example <<END
$customer
@ TXT "old"
END
zone rotten.example <<END
$customer
@ TXT "x"
END
zone big.example <<END
$customer
$(i=0; while [ $i -lt 1000 ]; do echo "@ CAA 0 issuemail \"ca$i.example.net\""; i=$((i + 1)); done)
@ CAA 0 issuemail ";"
END
for z in secure nocaa parentdenies bogus nosig forgeddenial big; do sign $z.example -n; done
# Algorithm 16: the resolver of these tests takes the zone for unsigned
ALGORITHM=ED448 sign ed448.example -n
sign expired.example -i 20240101000000 -e 20240201000000
# signed, delegated as such, and its only server does not answer
sign rotten.example

# bogus: a value changed after it was signed.  nosig: the signatures taken away.  forgeddenial: the proofs too.
sed -i 's/other\.example/forge.example/; s/"genuine"/"forgery"/' bogus.example.zone.signed
cp nosig.example.zone nosig.example.zone.signed
sed -i '/CAA/d' forgeddenial.example.zone.signed

zone example <<END
@ NS ns.nic
ns.nic A $NET.2
infra NS ns.infra
ns.infra A $NET.3
ns8.infra A $NET.8
ns9.infra A $NET.9
insecure NS ns.infra
silent NS ns9.infra
rotten NS ns9.infra
broken NS ns8.infra
refusing NS ns.infra
$(for z in secure nocaa parentdenies bogus nosig forgeddenial big expired ed448; do
	echo "$z NS ns.infra"
	cat $z.example.ds
done)
$(cat rotten.example.ds)
END
sign example
zone test <<END
@ NS ns.nic.example.
real TXT "a test zone"
END
sign test
{
	printf '$ORIGIN .\n$TTL 300\n'
	printf '. SOA ns.root.example. hostmaster.example. 1 3600 900 86400 300\n. NS ns.root.example.\n'
	printf 'ns.root.example. A %s.1\nexample. NS ns.nic.example.\nns.nic.example. A %s.2\n' "$NET" "$NET"
	printf 'test. NS ns.nic.example.\n'
	cat example.ds test.ds
} >root.zone
sign .
printf '. 3600000 NS ns.root.example.\nns.root.example. 3600000 A %s.1\n' "$NET" >hints

# serve ADDRESS ZONE=FILE...
serve() {
	address=$1
	shift
	{
		printf 'server:\n\tip-address: %s\n\tport: 53\n\tserver-count: 1\n\tusername: ""\n' "$address"
		printf '\tzonesdir: "%s"\n\tdatabase: ""\n\tpidfile: ""\n\tdo-ip6: no\n' "$dir"
		printf '\txfrdfile: "%s/xfrd.%s"\n\tzonelistfile: "%s/list.%s"\n' "$dir" "$address" "$dir" "$address"
		printf '\trrl-ratelimit: 0\n'  # else it drops all but 200 answers a second
		printf '\tlogfile: "%s/log.%s"\n' "$dir" "$address"
		printf 'remote-control:\n\tcontrol-enable: no\n'
		for z; do printf 'zone:\n\tname: "%s"\n\tzonefile: "%s"\n' "${z%%=*}" "${z#*=}"; done
	} >"nsd.$address"
	nsd -d -c "$dir/nsd.$address" >"out.$address" 2>&1 &
	pids="$pids $!"
}
serve "$NET.1" .=root.zone.signed
serve "$NET.2" example=example.zone.signed test=test.zone.signed
serve "$NET.3" infra.example=infra.example.zone insecure.example=insecure.example.zone \
	child.secure.example=child.secure.example.zone sub.ed448.example=sub.ed448.example.zone \
	$(for z in secure nocaa parentdenies bogus nosig forgeddenial big expired ed448; do
		echo $z.example=$z.example.zone.signed
	done)
for s in "1 ." "2 example." "3 big.example."; do
	tries=0
	until dig +tries=1 +timeout=1 +short "@$NET.${s%% *}" "${s#* }" SOA 2>/dev/null | grep -q .; do
		tries=$((tries + 1))
		if [ $tries -gt 20 ]; then
			cat log.* out.* >&2
			echo "run-it.sh: no name server on $NET.${s%% *}" >&2
			exit 1
		fi
	done
done

export CS_DNS_IT_NET="$NET" CS_DNS_IT_ZONES=1
export CS_DNS_ROOT_HINTS_FILE="$dir/hints" CS_DNS_ANCHOR_FILE="$dir/root.ds"
cd "$OLDPWD"
"$@"
