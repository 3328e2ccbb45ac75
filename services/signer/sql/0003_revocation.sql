-- What is no longer to be relied on, the lists that say so, and reminders.
-- Times end in _ms (milliseconds since 1970, UTC) or _s (seconds).

-- Who asked for a revocation, as it came; also those that were refused.
create table revocation_statement (
	request uuid not null,
	sha256 bytea not null check (length(sha256) = 32),
	envelope bytea not null,
	received_at_ms bigint not null,
	primary key (request, sha256)
);

-- One row for each serial that is listed: a certificate that was revoked, or an intent that became void.
create table revocation (
	request uuid primary key references intent (request),
	what text not null check (what in ('certificate', 'void')),
	issuer text not null,                   -- label of the CA
	crl_partition integer not null,
	serial bytea not null unique,
	reason integer not null check (reason in (0, 1, 3, 4, 5, 9)),   -- RFC 5280 5.3.1; 0: none
	revoked_by integer not null check (revoked_by between 1 and 5), -- RevokedBy of proto/
	text text not null,
	revoked_at_ms bigint not null,          -- what lists say
	known_at_ms bigint not null,            -- when we learned of the reason: the clocks of SBR 4.9.1.1
	due_at_ms bigint not null,              -- by when it had to be done
	reason_at_ms bigint not null,           -- later than revoked_at_ms: the reason was replaced
	not_after_s bigint not null             -- of the certificate
);
create index revocation_list on revocation (issuer, crl_partition, not_after_s);

-- The first revocation counts; only its reason may become keyCompromise (1) later.
create function keep_revocation() returns trigger language plpgsql as
$$ begin
	if new.request <> old.request or new.what <> old.what or new.issuer <> old.issuer
	    or new.crl_partition <> old.crl_partition or new.serial <> old.serial
	    or new.revoked_by <> old.revoked_by or new.text <> old.text
	    or new.revoked_at_ms <> old.revoked_at_ms or new.known_at_ms <> old.known_at_ms
	    or new.due_at_ms <> old.due_at_ms or new.not_after_s <> old.not_after_s
	    or old.what <> 'certificate' or old.reason = 1 or new.reason <> 1 then
		raise exception 'a revocation stays, and so does a compromised key';
	end if;
	return new;
end $$;
create trigger keep_revocation before update on revocation
	for each row execute function keep_revocation();
create trigger never_deleted before delete on revocation
	for each row execute function refuse_change();
create trigger no_truncate before truncate on revocation execute function refuse_change();
create trigger append_only before update or delete on revocation_statement
	for each row execute function refuse_change();

-- The lists of an issuing CA: 0 is the full one.  The row is the lock, and the number never falls.
create table crl_list (
	list uuid primary key,                  -- made of the two below
	issuer text not null,
	crl_partition integer not null,
	version integer not null,
	number bigint not null,                 -- CRLNumber taken last
	in_hand boolean not null,               -- that number is being signed
	tbs_sha256 bytea not null,              -- of what is in hand, or was last
	taken_at_ms bigint not null,
	made_number bigint not null,            -- CRLNumber of the newest that is made; 0: none yet
	made_at_ms bigint not null,
	this_update_s bigint not null,          -- of the newest that is made, and so on
	next_update_s bigint not null,
	entries integer not null,
	unique (issuer, crl_partition)
);
create function keep_number() returns trigger language plpgsql as
$$ begin
	if new.list <> old.list or new.issuer <> old.issuer or new.crl_partition <> old.crl_partition
	    or new.number < old.number or new.made_number < old.made_number
	    or (new.in_hand and not old.in_hand and new.number = old.number) then
		raise exception 'the number of a list rises';
	end if;
	return new;
end $$;
create trigger keep_number before update on crl_list
	for each row execute function keep_number();
create trigger never_deleted before delete on crl_list
	for each row execute function refuse_change();

-- The newest lists, whole.
create table crl (
	issuer text not null,
	crl_partition integer not null,
	number bigint not null,
	this_update_s bigint not null,
	next_update_s bigint not null,
	entries integer not null,
	der bytea not null,
	sha256 bytea not null,
	made_at_ms bigint not null,
	primary key (issuer, crl_partition, number)
);
alter table crl alter column der set storage external;

-- What the newest list does not say yet.  A row goes when the list that took it is made.
create table crl_change (
	id bigint generated always as identity primary key,
	issuer text not null,
	crl_partition integer not null,
	number bigint not null,                 -- 0: no list has taken it
	at_ms bigint not null
);
create index crl_change_list on crl_change (issuer, crl_partition);

-- Which certificate follows which: whoever renewed needs no reminder of the old one.
create table follows (
	request uuid primary key,
	previous uuid not null
);
create index follows_previous on follows (previous);

-- Reminders that were sent, by the days before the end.
create table reminder (
	request uuid not null,
	days integer not null,
	at_ms bigint not null,
	primary key (request, days)
);
create index certificate_not_after on certificate (not_after_s);
