-- How people come in.  Who they are and what they may do is their document (kind person); here lie only digests:
-- nobody who reads these rows can log in.

-- What is known of a person beside the document: the password.  All five columns of it are null without one.
create table login (
	id uuid primary key,                            -- of the two names
	enterprise text not null,
	account text not null,
	salt bytea check (length(salt) = 16),
	passes integer check (passes > 0),
	memory_kib integer check (memory_kib > 0),
	lanes integer check (lanes > 0),
	proof_sha256 bytea check (length(proof_sha256) = 32),  -- of what Argon2id makes of the password
	must_change boolean not null default false,
	changed_ms bigint not null default 0,
	unique (enterprise, account),
	check (num_nulls(salt, passes, memory_kib, lanes, proof_sha256) in (0, 5))
);

create table credential (
	id uuid primary key,
	login uuid not null references login (id) on delete cascade,
	kind text not null check (kind in ('api-token', 'session', 'invitation')),
	sha256 bytea not null unique check (length(sha256) = 32),
	label text not null check (octet_length(label) <= 256),
	scopes integer not null,                        -- a bit each, people.h
	made_ms bigint not null,
	made_by text not null,
	ends_ms bigint not null,                        -- 0: never
	used_ms bigint not null                         -- 0: not yet
);
create index credential_of on credential (login, kind);
create index credential_ends on credential (ends_ms) where ends_ms > 0;

-- How often somebody failed to come in: to an account from a network, to an account (network ''), from a network
-- (account all zero).
create table attempt (
	account uuid not null,                          -- of the two names; they need not be anybody's
	network text not null,
	failures integer not null default 0,
	failed_ms bigint not null default 0,
	welcome_ms bigint not null default 0,           -- when that account last came in from there
	primary key (account, network)
);
create index attempt_failed on attempt (failed_ms);

-- From it come the salts that are shown for those who have none.
create table salt_key (
	one boolean primary key default true check (one),
	key bytea not null check (length(key) = 32)
);
insert into salt_key values (true, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- Whoever is deleted or no more active is out at once, and a new person of the same name begins with nothing.
create function person_is_out() returns trigger language plpgsql as $$
begin
	if tg_op = 'DELETE' then
		delete from login where enterprise = old.enterprise and account = old.name;
	elsif new.spec -> 'active' is distinct from 'true'::jsonb then
		delete from credential c using login l where c.login = l.id and c.kind <> 'api-token'
		    and l.enterprise = new.enterprise and l.account = new.name;
	end if;
	return null;
end $$;
create trigger person_is_gone after delete on document
	for each row when (old.kind = 'person') execute function person_is_out();
create trigger person_is_changed after update on document
	for each row when (new.kind = 'person') execute function person_is_out();
