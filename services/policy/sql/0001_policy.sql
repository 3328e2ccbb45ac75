-- What is planned for each request, and which evidence stands.
-- Times are milliseconds since 1970 (UTC).
-- Octets stay in their row up to a page, as they came: keys, digests and signatures do not compress.

create table plan (
	request uuid primary key,
	state text not null check (state in ('new', 'made', 'approved', 'final', 'refused', 'ended')),
	since_ms bigint not null,
	due_ms bigint not null,                         -- when the clock has something to say; 0: never
	version integer not null,
	settings_version bigint not null,               -- of settings: the last that was given when it was compared with them
	enterprise text not null,                       -- of its request, as are the next two
	account text not null,
	profile text not null,
	progress text not null default ''               -- of checks that were begun, a line each: id, attempt, tries,
	                                                -- outcome (0 none, 1 proved, 2 refused, 3 could not tell), next_ms
);
-- Plans that may have to ask for other things since settings changed.
create index plan_of_enterprise on plan (enterprise, settings_version) where state = 'made';
create index plan_of_profile on plan (profile, settings_version) where state = 'made';
create index plan_due on plan (due_ms) where due_ms > 0;

-- What a plan rests on, apart from its state: a row until the approval and one since, so that neither is written
-- again with the other.
create table plan_envelope (
	request uuid not null,
	approved boolean not null,
	statement bytea not null,                       -- the request, or the approval, as it came
	plan bytea not null,                            -- the latest that was published then; empty: none was
	primary key (request, approved)
) with (toast_tuple_target = 8160);
alter table plan_envelope alter column statement set storage external;
alter table plan_envelope alter column plan set storage external;

-- Evidence that said proved or refused; a later no voids an earlier yes.  The first result of an
-- attempt counts, whence the key.
create table standing (
	check_digest bytea not null check (length(check_digest) = 32),
	request uuid not null,                          -- that it was made for
	attempt integer not null,
	enterprise text not null,
	account text not null,
	kind integer not null check (kind between 1 and 5),  -- mailbox, domain, caa, mpic-domain, mpic-caa
	target text not null,
	method text not null,
	expected bytea not null,
	outcome integer not null check (outcome in (1, 2)),
	envelope_sha256 bytea not null check (length(envelope_sha256) = 32),
	primary_sha256 bytea not null,                  -- empty but for mpic-domain
	checked_at_ms bigint not null,
	valid_until_ms bigint not null,
	covers_subdomains boolean not null,
	remotes integer not null,                       -- perspectives that were asked
	check_id text not null default '',              -- of that request
	primary key (check_digest, request, attempt)
);
create index standing_target on standing (enterprise, target, valid_until_ms);
