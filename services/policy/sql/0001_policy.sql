-- Who may ask for what, what is planned for each request, and which evidence stands.
-- Times are milliseconds since 1970 (UTC).
-- Octets stay in their row up to a page, as they came: keys, digests and signatures do not compress.

create table enterprise (
	name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
	version integer not null check (version > 0),   -- grows with every change; plans name it
	active boolean not null
);

create table profile (
	name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
	version integer not null check (version > 0),
	validation text not null check (validation in ('mailbox', 'domain', 'both')),
	certificate_profile text not null,              -- of libs/smime
	mailbox_period_days integer not null check (mailbox_period_days between 1 and 30),  -- SBR 4.2.1
	domain_period_days integer not null check (domain_period_days between 1 and 398),   -- SBR 4.2.1
	max_days integer not null check (max_days between 1 and 825),                       -- SBR 6.3.2
	may_dual boolean not null,
	may_signing boolean not null,
	may_encryption boolean not null,
	domain_methods text[] not null,                 -- how people may prove a domain, of libs/smime
	mailbox_methods text[] not null,                -- and a mailbox; answers by mail need an LMTP listener
	active boolean not null,
	check (cardinality(domain_methods) > 0 or validation = 'mailbox'),
	check (domain_methods <@ array['dns-txt', 'dns-cname', 'dns-persist', 'http-file', 'acme-http',
	    'acme-tls-alpn', 'mx-dns-txt', 'mx-http-file']),
	check (cardinality(mailbox_methods) > 0),
	check (mailbox_methods <@ array['email-token', 'email-reply'])
);

insert into profile values
	('smime-mailbox', 1, 'mailbox', 'mailbox-multipurpose', 30, 398, 825,
	    true, true, true, array['dns-txt', 'dns-cname', 'dns-persist', 'http-file',
	    'acme-http', 'acme-tls-alpn', 'mx-dns-txt', 'mx-http-file'], array['email-token'], true),
	('smime-domain', 1, 'domain', 'mailbox-multipurpose', 30, 398, 825,
	    true, true, true, array['dns-txt', 'dns-cname', 'dns-persist', 'http-file',
	    'acme-http', 'acme-tls-alpn', 'mx-dns-txt', 'mx-http-file'], array['email-token'], true),
	('smime-domain-mailbox', 1, 'both', 'mailbox-multipurpose', 30, 398, 825,
	    true, true, true, array['dns-txt', 'dns-cname', 'dns-persist', 'http-file',
	    'acme-http', 'acme-tls-alpn', 'mx-dns-txt', 'mx-http-file'], array['email-token'], true);

create table account (
	enterprise text not null references enterprise (name),
	name text not null check (length(name) between 1 and 128),
	profiles text[] not null,                       -- names, or '*' for all
	active boolean not null,
	primary key (enterprise, name)
);

-- Who gets a mailbox on the strength of its domain alone.
create table assignment (
	enterprise text not null,
	account text not null,
	mailbox text not null,                          -- canonical, or '*@domain'
	primary key (enterprise, account, mailbox),
	foreign key (enterprise, account) references account (enterprise, name)
);

-- By which of our issuer domain names an enterprise lets its domains' CAA permit us: there and below, where
-- nothing closer is configured.  No row: by all of ours.  What counts is what DNS says: this only narrows it.
create table domain_caa (
	enterprise text not null references enterprise (name),
	domain text not null check (domain = lower(domain) and domain !~ '[, ]' and length(domain) between 1 and 253),
	issuers text[] not null check (cardinality(issuers) between 1 and 10
	    and array_position(issuers, null) is null and array_to_string(issuers, '') !~ '[, ]'),
	primary key (enterprise, domain)
);

create table plan (
	request uuid primary key,
	state text not null check (state in ('new', 'made', 'approved', 'final', 'refused', 'ended')),
	since_ms bigint not null,
	due_ms bigint not null,                         -- when the clock has something to say; 0: never
	version integer not null
);
create index plan_due on plan (due_ms) where due_ms > 0;

-- What a plan rests on, apart from its state: written twice in a plan's life, where that changes often.
create table plan_envelope (
	request uuid primary key,
	request_envelope bytea not null,                -- as they came; empty: not yet
	approval_envelope bytea not null,
	plan_envelope bytea not null                    -- the latest that was published
) with (toast_tuple_target = 8160);
alter table plan_envelope alter column request_envelope set storage external;
alter table plan_envelope alter column approval_envelope set storage external;
alter table plan_envelope alter column plan_envelope set storage external;

-- What became of the attempts of one check; the check itself is in the plan's envelope.  Written with its
-- plan and under its lock: a foreign key would lock the plan once more for each check.
create table plan_check (
	request uuid not null,
	check_id text not null,
	attempt integer not null,
	tries integer not null,
	outcome integer not null check (outcome between 0 and 3),  -- 0 none, 1 proved, 2 refused, 3 could not tell
	next_ms bigint not null,
	primary key (request, check_id)
);

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
