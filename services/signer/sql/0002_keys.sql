-- Whose a key is, and which keys nobody may have certified (SBR 6.1.1.3).

-- Of whoever had an intent for it first, for ever.  Its row is what two replicas meet at: who records an
-- intent or a certificate for the key holds it in share mode, who blocks the key holds it alone.
create table key_owner (
	spki_sha256 bytea primary key check (length(spki_sha256) = 32),
	enterprise text not null,
	account text not null,
	request uuid not null,                  -- the first
	at_ms bigint not null
);

-- For ever, and whoever had it certified.  The first reason stays.
create table blocked_key (
	spki_sha256 bytea primary key check (length(spki_sha256) = 32),
	why text not null check (why in ('compromised', 'reported', 'weak')),
	request uuid not null,                  -- whose certificate was revoked for it
	at_ms bigint not null
);

create index blocked_key_at on blocked_key (at_ms);
-- All certificates of a key: they fall together (store_revoke.c).
create index certificate_spki on certificate (spki_sha256);

create trigger append_only before update or delete on key_owner
	for each row execute function refuse_change();
create trigger append_only before update or delete on blocked_key
	for each row execute function refuse_change();
create trigger no_truncate before truncate on key_owner execute function refuse_change();
create trigger no_truncate before truncate on blocked_key execute function refuse_change();
