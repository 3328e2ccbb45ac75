-- Who an enterprise or a person is, as people verified it (SBR 3.2.3, 3.2.4, 3.2.6).  A record counts once a
-- second person has approved it, for 825 days (SBR 4.2.1), until it is withdrawn.  Another verification is
-- another record: what was verified, how, when and by whom never changes.
create table identity (
	id uuid primary key default gen_random_uuid(),
	kind text not null check (kind in ('organization', 'authority', 'individual')),
	enterprise text not null,
	account text not null default '',               -- of an individual
	attributes text not null check (octet_length(attributes) between 1 and 1024),  -- libs/smime/identity.h
	method text not null,                           -- of libs/smime/identity.c
	source text not null check (octet_length(source) between 1 and 300),  -- register and number, document, contact
	verified_by text not null check (octet_length(verified_by) between 1 and 200),
	approved_by text check (octet_length(approved_by) between 1 and 200),  -- null: nobody yet
	verified_at_ms bigint not null check (verified_at_ms > 0),
	withdrawn_at_ms bigint not null default 0,      -- 0: it stands
	told_at_ms bigint not null default 0,           -- that the withdrawal was published; policy sets it
	check (approved_by <> verified_by),
	check (withdrawn_at_ms = 0 or withdrawn_at_ms >= verified_at_ms),
	check ((kind = 'individual') = (account <> '')),
	check (method = any (case kind
	    when 'organization' then array['register', 'lei', 'site-visit', 'attestation']
	    when 'authority' then array['reliable-contact']
	    else array['id-document', 'emrtd', 'eid', 'attestation', 'enterprise-ra-record'] end))
);
create index identity_of on identity (enterprise, account);
create index identity_withdrawn on identity (withdrawn_at_ms) where withdrawn_at_ms > 0 and told_at_ms = 0;

create function identity_is_final() returns trigger language plpgsql as $$
begin
	if tg_op = 'DELETE' or (old.id, old.kind, old.enterprise, old.account, old.attributes, old.method, old.source,
	    old.verified_by, old.verified_at_ms) is distinct from (new.id, new.kind, new.enterprise, new.account,
	    new.attributes, new.method, new.source, new.verified_by, new.verified_at_ms)
	    or (old.approved_by is not null and new.approved_by is distinct from old.approved_by)
	    or (old.withdrawn_at_ms <> 0 and new.withdrawn_at_ms <> old.withdrawn_at_ms)
	    or (old.told_at_ms <> 0 and new.told_at_ms <> old.told_at_ms) then
		raise exception 'a record of what was verified may only be approved or withdrawn, each once';
	end if;
	return new;
end $$;
create trigger identity_is_final before update or delete on identity
	for each row execute function identity_is_final();
