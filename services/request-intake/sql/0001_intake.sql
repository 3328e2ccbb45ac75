-- Requests as people see them.  Times are milliseconds since 1970 (UTC); 0: never.

create table request (
	id uuid primary key,
	state text not null check (state in ('created', 'validating', 'ready', 'approved',
	    'issued', 'refused', 'cancelled', 'expired')),
	enterprise text not null,
	account text not null,
	body_sha256 bytea not null,             -- of the body that created it: the same key, another body
	digest bytea not null,                  -- of the request, as signed
	spki_sha256 bytea not null,
	envelope bytea not null,                -- request.submitted, as published
	profile text not null,                  -- what a list shows of the envelope; of names one a line
	mailboxes text not null,
	domains text not null,
	created_ms bigint not null,
	changed_ms bigint not null,
	moved_ms bigint not null,               -- when its state changed last
	ends_ms bigint not null,                -- expires then, unless it is approved
	revision integer not null,              -- of the newest plan seen; 0: none
	refusal_code text not null,             -- '': not refused
	refusal_field text not null,
	refusal_clause text not null,
	refusal_text text not null,
	refusal_mend text not null,
	refusal_check text not null,
	seq bigint not null,                    -- of the last line of its history
	version integer not null
);
create index request_of_account on request (enterprise, account, created_ms desc, id desc);
create index request_in_state on request (enterprise, account, state, created_ms desc, id desc);
create index request_of_enterprise on request (enterprise, created_ms desc, id desc);
-- Asked for every second by programs, so its entries must not be read in vain: they hold what is filtered.
create index request_moved on request (enterprise, moved_ms, id, account, state);
create index request_ends on request (ends_ms) where state in ('created', 'validating', 'ready');

-- "check" is a word of SQL.  The rows of a request are written in its own transactions, under its lock: a
-- foreign key would look the request up and lock it once more for each of them.
create table shown_check (
	request uuid not null,
	id text not null,                       -- "mailbox-1"
	kind integer not null,                  -- as CheckKind of the protocol
	target text not null,
	method text not null,
	allowed_methods text not null,
	position integer not null,
	revision integer not null,              -- of the plan that listed it last; 0: none yet
	plan_attempt integer not null,
	standing_until_ms bigint not null,
	asked_ms bigint not null,
	challenge integer not null,
	challenge_ms bigint not null,
	challenge_until_ms bigint not null,
	attempt integer not null,
	outcome integer not null,               -- as Outcome of the protocol; 0: none
	checked_ms bigint not null,
	valid_until_ms bigint not null,
	shown integer not null,
	evidence bytea,                         -- the envelope shown, as received
	told bytea,                             -- the challenge, as received
	primary key (request, id)
);

-- What watchers are sent; seq counts up within a request, without gaps.
create table history (
	request uuid not null,
	seq bigint not null,
	at_ms bigint not null,
	check_id text not null,                 -- '': about the whole request
	state text not null,
	reason text not null,
	said text not null,
	primary key (request, seq)
);

create table certificate (
	request uuid primary key,
	body bytea not null                     -- certificate.issued, as received
);

-- Which public keys may not be certified again: for others than this account; for anybody where it is ''.
create table known_key (
	spki_sha256 bytea not null,
	enterprise text not null,
	account text not null,
	primary key (spki_sha256, enterprise, account)
);
