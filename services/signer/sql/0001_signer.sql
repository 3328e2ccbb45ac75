-- What was received, what was judged, what was signed.  Times are milliseconds since 1970 (UTC).
-- Rows are an index: the gate opens the received octets again, with their signatures.
-- Octets stay in their row up to a page, as they came: keys, digests and signatures do not compress.

create table request (
	request uuid primary key,
	state text not null check (state in ('waiting', 'intent', 'issued', 'refused', 'stopped')),
	code text not null,                     -- of the refusal, or the reason of the stop; '' otherwise
	version integer not null,
	changed_at_ms bigint not null
) with (fillfactor = 50);

-- Final plans with the request and the approval that they enclose, as they came: the highest revision counts, of
-- one revision the first.
create table final_plan (
	request uuid not null,
	revision integer not null check (revision > 0),
	sha256 bytea not null check (length(sha256) = 32), -- of the whole
	envelope bytea not null,
	plan_len integer not null check (plan_len between 0 and 65536), -- the plan's own envelope lies at the front
	request_at integer not null check (request_at between 0 and 65536), -- octets before the request's
	request_len integer not null check (request_len between 0 and 65536),
	approval_at integer not null check (approval_at between 0 and 65536), -- octets before the approval's, which goes to
	                                        -- the end; or the request's
	received_at_ms bigint not null,
	primary key (request, revision)
) with (toast_tuple_target = 8160);
alter table final_plan alter column envelope set storage external;

-- The first result of an attempt counts.
create table evidence (
	request uuid not null,
	check_digest bytea not null check (length(check_digest) = 32),
	attempt integer not null,
	sha256 bytea not null check (length(sha256) = 32),
	outcome integer not null check (outcome between 1 and 3),
	checked_at_ms bigint not null,
	envelope bytea not null,
	received_at_ms bigint not null,
	primary key (request, check_digest, attempt)
) with (toast_tuple_target = 8160);
alter table evidence alter column envelope set storage external;
create index evidence_sha256 on evidence (sha256);
create index evidence_denial on evidence (check_digest) where outcome = 2;

-- Evidence of other requests that a plan names and that had not come when it was judged.
create table missing (
	sha256 bytea not null,
	request uuid not null,
	primary key (sha256, request)
);
create index missing_request on missing (request);

-- Other octets for what was already stated: somebody states two things.
create table equivocation (
	request uuid not null,
	what text not null,
	sha256 bytea not null,
	seen_at_ms bigint not null,
	primary key (request, what, sha256)
);

-- At most one for a request, for ever.  The serials of void ones are never used again and are listed
-- as revoked, since a signature may exist.
create table intent (
	request uuid primary key,
	issuer text not null,                   -- label of the CA in our configuration
	profile text not null,                  -- of libs/smime
	crl_partition integer not null,         -- 0: listed by the full CRL alone
	serial bytea not null unique,
	not_before_s bigint not null,
	tbs bytea not null,
	tbs_sha256 bytea not null check (length(tbs_sha256) = 32),
	evidence bytea not null,                -- SHA-256 of each, in the order of the plan's checks
	state text not null check (state in ('open', 'void')), -- open: to be signed, or there is a certificate
	judged_at_ms bigint not null,
	void_at_ms bigint not null              -- 0: not void
) with (toast_tuple_target = 8160);
alter table intent alter column tbs set storage external;
alter table intent alter column evidence set storage external;

-- At most one for an intent.  What is inserted takes issuer, list and serial from the intent's row, which is there
-- for good and whose serial is no other's: neither is looked up a second time.
create table certificate (
	request uuid primary key,
	issuer text not null,
	crl_partition integer not null,
	serial bytea not null,
	der bytea not null,
	sha256 bytea not null,
	spki_sha256 bytea not null check (length(spki_sha256) = 32),
	enterprise text not null,
	account text not null,
	not_after_s bigint not null,
	issued_at_ms bigint not null
) with (toast_tuple_target = 8160);
alter table certificate alter column der set storage external;

-- The leaves of a Merkle tree (RFC 6962 2.1), in the form of libs/audit.
create table audit (
	seq bigint primary key,
	at_ms bigint not null,
	request uuid not null,
	action text not null,
	detail text not null,
	leaf bytea not null check (length(leaf) = 32)
);
create index audit_request on audit (request);

-- How many there are, and the roots of the complete subtrees, largest first: all that a batch needs to
-- append its own.  The one row is locked last in a transaction, so that replicas queue here only.
create table audit_head (
	single boolean primary key check (single),
	size bigint not null,
	peaks bytea not null
);
insert into audit_head values (true, 0, '');

-- The highest version of the trust table that was judged by: an older one is not judged by again.
create table trust_seen (
	single boolean primary key check (single),
	version bigint not null
);
insert into trust_seen values (true, 0);

-- What is written once is never changed, by whatever role: only the owner of the tables, who is not the
-- service, could take these away.
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'rows of % are never changed', tg_table_name; end $$;
create trigger append_only before update or delete on audit
	for each row execute function refuse_change();
create trigger append_only before update or delete on final_plan
	for each row execute function refuse_change();
create trigger append_only before update or delete on evidence
	for each row execute function refuse_change();
create trigger append_only before update or delete on certificate
	for each row execute function refuse_change();
create trigger never_deleted before delete on intent
	for each row execute function refuse_change();
create trigger never_deleted before delete on request
	for each row execute function refuse_change();
create trigger no_truncate before truncate on audit execute function refuse_change();
create trigger no_truncate before truncate on certificate execute function refuse_change();
create trigger no_truncate before truncate on intent execute function refuse_change();

-- An intent keeps its octets: only its state and its times move, and only until there is a certificate.
create function keep_octets() returns trigger language plpgsql set search_path from current as
$$ begin
	if new.request <> old.request or new.issuer <> old.issuer or new.profile <> old.profile
	    or new.crl_partition <> old.crl_partition or new.serial <> old.serial or new.tbs <> old.tbs
	    or new.tbs_sha256 <> old.tbs_sha256 or new.not_before_s <> old.not_before_s
	    or new.evidence <> old.evidence or old.state <> 'open' then
		raise exception 'an intent keeps its octets and its end';
	end if;
	if exists (select from certificate c where c.request = new.request) then
		raise exception 'an intent that has a certificate stays as it is';
	end if;
	return new;
end $$;
create function only_rise() returns trigger language plpgsql as
$$ begin
	if new.version < old.version then raise exception 'the version of the trust table only rises'; end if;
	return new;
end $$;
create trigger only_rise before update on trust_seen for each row execute function only_rise();
create trigger never_deleted before delete on trust_seen for each row execute function refuse_change();
create trigger keep_octets before update on intent for each row execute function keep_octets();
