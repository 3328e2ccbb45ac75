#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# secrets.sh DIR [CSCTL]: makes every key, certificate and table that a new installation needs, and nothing twice.
#   DIR/secret/NAME/   the files of Secret NAME            DIR/public/   the files of ConfigMap public
#   DIR/nats/          for the NATS servers                DIR/postgres/ for PostgreSQL
#   DIR/offline/       the keys of the root CA, of the two approvers, of the observer and of the installation's own
#                      small CA: they belong to people, not into the cluster
# PERSPECTIVES="name ...": as CS_PERSPECTIVES has them.  RELAY_CA=FILE: PEM of the mail relay's CA.
set -eu
umask 077
csctl=$(readlink -f "${2:-build/bin/csctl}")
mkdir -p "$1"
cd "$1"
PERSPECTIVES=${PERSPECTIVES:-amsterdam newyork saopaulo singapore nairobi}
SIGNERS='request-intake policy mailbox-validator domain-validator caa-dnssec mpic-coordinator notifier'
WITH_DATABASE='request-intake policy mailbox-validator domain-validator caa-dnssec signer notifier certificate-status'
mkdir -p secret public nats postgres offline seeds
for name in $PERSPECTIVES; do
	remotes="${remotes-} mpic-perspective-$name"
	words="${words-} --perspective $name"
done

# The installation's own CA: servers of NATS and PostgreSQL, and the database's roles.
certificate() { # FILE-WITHOUT-SUFFIX CN EXTENSION...
	[ ! -s "$1.crt" ] || return 0
	file=$1 name=$2
	shift 2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$name" \
	    -CA offline/ca.crt -CAkey offline/ca.key -keyout "$file.key" -out "$file.crt" \
	    -addext basicConstraints=critical,CA:false "$@" 2>/dev/null
}
[ -s offline/ca.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=countersign installation" -keyout offline/ca.key -out offline/ca.crt 2>/dev/null
for server in nats postgres; do
	certificate "$server/server" "$server" -addext extendedKeyUsage=serverAuth,clientAuth \
	    -addext "subjectAltName=DNS:$server.$server.svc.cluster.local,DNS:*.$server.$server.svc.cluster.local"
	cp offline/ca.crt "public/$server-ca.pem"
	cp offline/ca.crt "$server/ca.crt"
done
cp "${RELAY_CA:-offline/ca.crt}" public/mail-ca.pem

# NATS: one nkey a user; its rights come from the catalogue.
# shellcheck disable=SC2086  # lists of names
"$csctl" nats-keys seeds $words >/dev/null
# shellcheck disable=SC2086
"$csctl" catalogue nats-users --keys seeds $words >nats/auth.conf

for name in $SIGNERS $WITH_DATABASE provisioner ${remotes-}; do
	mkdir -p "secret/$name"
	cp "seeds/$name.seed" "secret/$name/nats.seed"
done
for name in $WITH_DATABASE; do
	certificate "secret/$name/postgres" "$(echo "$name" | tr - _)" -addext extendedKeyUsage=clientAuth
done
mkdir -p secret/migrate
certificate secret/migrate/postgres countersign_owner -addext extendedKeyUsage=clientAuth
# Who watches: reads the lanes and the outboxes, from outside the cluster, and changes nothing.
certificate offline/observer countersign_observer -addext extendedKeyUsage=clientAuth
cp seeds/observer.seed offline/observer.seed

# Who signs what: one Ed25519 key each, and the table that two approvers sign.
table=''
for name in $SIGNERS ${remotes-}; do
	[ -s "secret/$name/key.pem" ] || "$csctl" key new "secret/$name/key.pem" >/dev/null
	table="$table $name=secret/$name/key.pem"
done
# The heads of the signer's audit log.
[ -s secret/signer/audit.key ] || "$csctl" key new secret/signer/audit.key >/dev/null
table="$table signer=secret/signer/audit.key"
for number in 1 2; do
	file=offline/approver-$number.pem
	[ -s "$file" ] || echo "approver-$number $("$csctl" key new "$file")" >>public/approvers
done
# shellcheck disable=SC2086
[ -s public/trust ] || "$csctl" trust write --out public/trust --approver offline/approver-1.pem \
    --approver offline/approver-2.pem $table >/dev/null

# Secrets of connectors are sealed to the service that uses them.
for name in notifier mpic-coordinator; do
	[ -s "secret/$name/sealing.key" ] ||
		echo "$name $("$csctl" key new-sealing "secret/$name/sealing.key")" >>public/sealing-keys
done

# The issuing CA.  For one that exists already, put its key and chain here instead.
[ -s public/chain.pem ] || {
	"$csctl" ca init --dir offline/issuing >/dev/null
	mv offline/issuing/issuing.key.pem secret/signer/issuing.key.pem
	cp offline/issuing/chain.pem public/chain.pem
}

# What certificate-status serves: the certificates, the root's CRL, and a delegated OCSP responder's key.  Make the CRL anew
# within its 300 days, and the responder within its 90.
[ -s public/root.cer ] || {
	openssl x509 -in offline/issuing/root.cert.pem -outform DER -out public/root.cer
	openssl x509 -in offline/issuing/issuing.cert.pem -outform DER -out public/issuing-1.cer
}
[ -s public/root.crl ] || {
	: >offline/issuing/revoked
	[ -s offline/issuing/number ] || echo 01 >offline/issuing/number
	printf '%s\n' '[ca]' 'default_ca = root' '[root]' 'database = offline/issuing/revoked' \
	    'crlnumber = offline/issuing/number' 'default_md = sha384' 'default_crl_days = 300' 'crl_extensions = crl' \
	    '[crl]' 'authorityKeyIdentifier = keyid' >offline/issuing/crl.cnf
	openssl ca -gencrl -config offline/issuing/crl.cnf -keyfile offline/issuing/root.key.pem \
	    -cert offline/issuing/root.cert.pem 2>/dev/null | openssl crl -outform DER -out public/root.crl
}
responder=secret/certificate-status/issuing-1
[ -s $responder.cert.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 \
    -subj '/CN=Countersign OCSP' -CA offline/issuing/issuing.cert.pem -CAkey secret/signer/issuing.key.pem \
    -keyout $responder.key.pem -out $responder.cert.pem -addext basicConstraints=critical,CA:false \
    -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=OCSPSigning -addext noCheck=ignored 2>/dev/null

random() {
	[ -s "$1" ] || openssl rand -hex 32 >"$1"
}
random secret/signer/seal.key
random secret/mailbox-validator/token.key
random secret/notifier/code.key
[ -s secret/policy/api-tokens ] || {
	random offline/root-token
	digest=$(tr -d '\n' <offline/root-token | openssl dgst -sha256 -r | cut -d' ' -f1)
	echo "$digest platform root administrator" >secret/policy/api-tokens
}
# Our login at the mail relay, which has to be told it; or put in its place what the relay gave you.
random offline/relay-password
for name in mailbox-validator notifier; do
	[ -s "secret/$name/smtp-user" ] || echo countersign >"secret/$name/smtp-user"
	[ -s "secret/$name/smtp-password" ] || cp offline/relay-password "secret/$name/smtp-password"
done
# The CA key's pass phrase: empty, it has none.
[ -e secret/signer/issuing.password ] || : >secret/signer/issuing.password
echo "$1: $(ls secret | wc -l) Secrets, ConfigMap public"
