-- The skeleton's tables, made in the schema of each service that keeps state.
create table inbox (
	id uuid not null,               -- begins with the time of its birth: who is old lies in front
	subject bigint not null,        -- its number (subject_number): it proves the publisher
	sha256 bytea not null,
	primary key (id, subject)
);
-- Octets stay in their row up to a page, as they came: keys, digests and signatures do not compress.

-- Written once; what becomes of a row is said in the two narrow tables below.
create table outbox (
	seq bigint generated always as identity primary key,
	id uuid not null,
	key uuid not null,              -- the request
	causation uuid not null,
	subject text not null,
	body bytea not null,
	created_ms bigint not null
) with (toast_tuple_target = 8160);
alter table outbox alter column body set storage external;
create index outbox_key on outbox (key);

create table outbox_unsent (        -- rows of one transaction, of which a stream has not confirmed all
	seq bigint primary key,         -- the first
	others bigint[]                 -- NULL: none
);

create table outbox_ended (         -- requests that have ended: their rows up to seq need no refilling
	key uuid primary key,
	seq bigint not null,
	at_ms bigint not null
);
create index outbox_ended_at on outbox_ended using brin (at_ms) with (autosummarize = on);

create table work (
	id uuid primary key,
	key uuid not null,
	kind text not null,
	body bytea not null,
	due_ms bigint not null,
	lease_ms bigint not null,       -- until when somebody is at it; 0: nobody
	attempt integer not null
) with (toast_tuple_target = 8160);
alter table work alter column body set storage external;
create index work_due on work (due_ms);

create table stream (               -- as we saw it last: another birth or a smaller end means a loss
	name text primary key,
	created text not null,
	last_seq bigint not null
);

create table parked (
	subject text not null,
	id uuid not null,
	body bytea not null,
	error text not null,
	at_ms bigint not null,
	deliveries integer not null,
	state text not null check (state in ('parked', 'retry')),
	primary key (subject, id)
);
