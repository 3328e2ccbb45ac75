-- Requests as people see them.  Times are milliseconds since 1970 (UTC); 0: never.
--
-- What is written once lies apart from what changes, so that a change writes a narrow row and few indexes.
-- Octets stay in their row up to a page, as they came: keys, digests and signatures do not compress.

-- A request as it was accepted.  Written once.
create table submission (
	id uuid primary key,
	enterprise text not null,
	account text not null,
	submitted_by text not null,             -- the operator who asked on behalf of the account; '': itself
	approved_in_itself boolean not null,    -- whoever asked approved with it, if everything stood proved
	created_ms bigint not null,
	ends_ms bigint not null,                -- expires then, unless it is approved
	body_sha256 bytea not null,             -- of the body that created it: the same key, another body
	digest bytea not null,                  -- of the request, as signed
	spki_sha256 bytea not null,
	profile text not null,                  -- what a list shows of the envelope; of names one a line
	mailboxes text not null,
	domains text not null,
	kind integer not null,                  -- as RequestKind of the protocol
	previous uuid,                          -- the request of the certificate that it follows
	note_version text not null,             -- of the request note that was shown; '' for none
	envelope bytea not null                 -- request.submitted, as published
) with (toast_tuple_target = 8160);
alter table submission alter column envelope set storage external;
create index submission_of_account on submission (enterprise, account, created_ms desc, id desc);
-- For operators.  An expression, so that nothing takes it for an account's list: while there are no
-- statistics, both would look alike.
create index submission_of_enterprise on submission ((enterprise || ''), created_ms desc, id desc);

-- Where it stands.  A change that leaves the state as it is writes no index.
create table request (
	id uuid primary key,
	enterprise text not null,               -- of its submission, for the indexes; so are the next three
	account text not null,
	created_ms bigint not null,
	ends_ms bigint not null,
	state text not null check (state in ('created', 'validating', 'ready', 'approved',
	    'issued', 'refused', 'cancelled', 'expired', 'revoked')),
	changed_ms bigint not null,
	moved_ms bigint not null,               -- when its state changed last
	revision integer not null,              -- of the newest plan seen; 0: none
	subject text not null default '',       -- of that plan, one a line: who set it, attribute "=" value
	waived text not null default '',        -- what that plan does without, one a line: caa, mpic
	second_factor text not null default '', -- that plan wants it proved at the approval: 'email'; '': none
	factor_proved_ms bigint not null default 0, -- by whoever approved; 0: not
	seq bigint not null,                    -- of the last line of its history
	version integer not null,
	refusal_code text,                      -- null: never refused.  What was refused may still be issued
	refusal_field text,
	refusal_clause text,
	refusal_text text,
	refusal_mend text,
	refusal_check text,
	checks text not null default '',        -- a line each: checklist.c
	has_revocation boolean not null default false -- there is a row of it in revocation
) with (fillfactor = 60);
create index request_in_state on request (enterprise, account, state, created_ms desc, id desc);
-- Asked for every second by programs, so its entries must not be read in vain: they hold what is filtered.
create index request_moved on request (enterprise, moved_ms, id, account, state);
create index request_ends on request (ends_ms) where state in ('created', 'validating', 'ready');

-- What a check shows, as received.  Written in transactions of its request, under its lock: a foreign key would
-- look the request up and lock it once more for each row.
create table received (
	request uuid not null,
	check_id text not null,
	what text not null check (what in ('evidence', 'challenge')),
	body bytea not null,
	primary key (request, check_id, what)
) with (toast_tuple_target = 8160);
alter table received alter column body set storage external;

-- What watchers are sent, a row for what one change wrote; seq counts up within a request, without gaps.
create table history (
	request uuid not null,
	seq bigint not null,                    -- of the last of its lines
	lines text not null,                    -- history.c
	primary key (request, seq)
);

create table certificate (
	request uuid primary key,
	body bytea not null,                    -- certificate.issued, as received
	serial text not null,                   -- lower-case hexadecimal, as is the next
	fingerprint text not null               -- SHA-256
) with (toast_tuple_target = 8160);
alter table certificate alter column body set storage external;
-- Outsiders name a certificate by these.
create index certificate_serial on certificate (serial);
create index certificate_fingerprint on certificate (fingerprint);

-- Which public keys may not be certified again: for others than this account; for anybody where it is ''.
create table known_key (
	spki_sha256 bytea not null,
	enterprise text not null,
	account text not null,
	primary key (spki_sha256, enterprise, account)
);
