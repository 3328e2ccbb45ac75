-- What is known of each certificate, and the newest CRLs, so that a restart has everything.  Times are milliseconds
-- since 1970 (UTC).  `changed` is the transaction that wrote the row: replicas read what is new by it.
create table certificate (
	id uuid primary key,                            -- from the digest of issuer and serial
	issuer text not null,
	serial bytea not null check (length(serial) between 1 and 20),
	revoked boolean not null,
	reason integer not null check (reason between 0 and 10),
	revoked_ms bigint not null,
	not_after_ms bigint not null,                   -- 0: not known
	version integer not null,
	changed bigint not null
);
create index certificate_changed on certificate (changed, id);
create index certificate_not_after on certificate (not_after_ms) where not_after_ms > 0;  -- swept by

create table crl (
	id uuid primary key,                            -- from the digest of issuer and partition
	issuer text not null,
	part integer not null check (part >= 0),        -- 0: the full one
	number bigint not null,
	octets bytea not null
);
