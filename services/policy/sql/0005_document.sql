-- Everything that operators set, as documents: enterprises, domains, profiles, people and so on.  Which kinds there
-- are and what their specs hold is in config_kinds.c, which reads each before it comes here.  Times are milliseconds
-- since 1970 (UTC).

create table document (
	kind text not null,
	enterprise text not null,                       -- 'platform': of none
	name text not null,
	id uuid not null unique,
	version bigint not null,                        -- numbers of one sequence: config_head
	spec jsonb not null,
	changed_ms bigint not null,
	changed_by text not null,                       -- 'demo/operator'
	primary key (kind, enterprise, name)
);
create index document_of on document (enterprise, kind, name);

-- The last version that was given.  Whoever changes documents locks it, so that changes come one after the other.
create table config_head (
	one boolean primary key default true check (one),
	last_version bigint not null,
	told_ms bigint not null default 0               -- when services were told of all connectors
);
insert into config_head (last_version) values (100);

-- Who changed what, from what, to what.  Never changed.
create table change (
	version bigint primary key,
	at_ms bigint not null,
	who text not null,
	credential text not null,
	source text not null,
	kind text not null,
	enterprise text not null,
	name text not null,
	before jsonb,                                   -- null: it was not there
	after jsonb                                     -- null: it is gone
);
create index change_of on change (enterprise, version);
create index change_of_plans on change (at_ms) where kind in ('enterprise', 'profile', 'domain', 'person');

create function change_is_final() returns trigger language plpgsql as $$
begin
	raise exception 'what was changed, and by whom, stays as it was written';
end $$;
create trigger change_is_final before update or delete or truncate on change
	for each statement execute function change_is_final();

-- One profile of the platform for each certificate profile, and three for mailboxes: by what people prove.  Whoever
-- names an organization proves its domains (SBR 1.3.2.1), and so does who wants hosts in a certificate of a
-- private root.
insert into document select 'profile', 'platform', p.name, gen_random_uuid(), row_number() over (order by p.name),
	jsonb_build_object('title', p.title, 'active', true, 'validation', p.validation,
	    'certificate_profile', p.certificate_profile, 'domain_methods', '["acme-http", "acme-tls-alpn", "dns-cname",
	    "dns-persist", "dns-txt", "http-file", "mx-dns-txt", "mx-http-file"]'::jsonb,
	    'mailbox_methods', '["email-token"]'::jsonb, 'mailbox_period_days', 30, 'domain_period_days', 398,
	    'max_days', 825, 'validities', '[]'::jsonb, 'key_uses', '["dual", "encryption", "signing"]'::jsonb,
	    'caa', true, 'mpic', true, 'dnssec', true, 'mpic_connector', '', 'rdns', '[]'::jsonb,
	    'sans', '[]'::jsonb, 'second_factor', 'as-enterprise'),
	0, 'countersign'
from (values
	('smime-mailbox', 'Mailbox', 'mailbox', 'mailbox-multipurpose'),
	('smime-domain', 'Mailbox, by its domain', 'domain', 'mailbox-multipurpose'),
	('smime-domain-mailbox', 'Mailbox, by itself and its domain', 'both', 'mailbox-multipurpose'),
	('smime-mailbox-strict', 'Mailbox, strict', 'mailbox', 'mailbox-strict'),
	('smime-organization', 'Organization', 'domain', 'organization-multipurpose'),
	('smime-organization-strict', 'Organization, strict', 'domain', 'organization-strict'),
	('smime-sponsor', 'Person of an organization', 'domain', 'sponsor-multipurpose'),
	('smime-sponsor-strict', 'Person of an organization, strict', 'domain', 'sponsor-strict'),
	('smime-individual', 'Person', 'mailbox', 'individual-multipurpose'),
	('smime-individual-strict', 'Person, strict', 'mailbox', 'individual-strict'),
	('smime-private', 'Private root: mailbox and hosts', 'domain', 'private-mailbox'),
	('smime-private-person', 'Private root: person', 'domain', 'private-person'),
	('smime-private-details', 'Private root: mailbox and unverified details', 'mailbox', 'private-details')
) as p (name, title, validation, certificate_profile);
