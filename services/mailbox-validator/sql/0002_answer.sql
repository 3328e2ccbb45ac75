-- DNS answers that evidence rests on, as they came; libs/answers writes them.
-- Times are milliseconds since 1970 (UTC).
create table answer (
	sha256 bytea primary key check (length(sha256) = 32),
	octets bytea not null check (length(octets) between 1 and 65535),
	name text not null,             -- the question
	type text not null,
	first_at_ms bigint not null,
	last_at_ms bigint not null      -- kept for days after this; not written more than once a day
);
create index answer_last on answer (last_at_ms);
