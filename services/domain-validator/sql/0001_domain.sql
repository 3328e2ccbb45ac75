-- One challenge for each domain check of a request.
create table challenge (
	request uuid not null,
	check_id text not null,
	domain text not null,
	enterprise text not null,
	account text not null,          -- '' unless the proof serves one account only
	asked bytea not null,           -- the order, as received
	asked_ms bigint not null,       -- when policy gave it
	value text not null,            -- what shall be published
	made_ms bigint not null,
	expires_ms bigint not null,
	attempt integer not null,       -- of the last look
	look_until_ms bigint not null,  -- a look is under way, lost after this; 0: none
	version integer not null,
	value_2 text not null default '',        -- from before, alive until then
	until_2_ms bigint not null default 0,
	value_3 text not null default '',
	until_3_ms bigint not null default 0,
	pressed_by text not null default '',     -- account that the look under way is for; '': the schedule
	step integer not null default 0,         -- of the schedule
	next_ms bigint not null default 0,       -- when the schedule looks; 0: it does not
	since_ms bigint not null default 0,      -- when it was first stored: an id need not tell
	primary key (request, check_id)
);
create index challenge_since on challenge (since_ms);  -- swept by
create index challenge_next on challenge (next_ms) where next_ms > 0;

-- Looks of the last hour, by all replicas: for the limits.
create table look (
	request uuid not null,
	check_id text not null,
	attempt integer not null,
	domain text not null,
	enterprise text not null,
	account text not null,          -- who pressed; '': the schedule
	at_ms bigint not null,          -- when it began; when it failed
	failed boolean not null,
	primary key (request, check_id, attempt)
);
create index look_domain on look (domain, at_ms);
create index look_at on look (at_ms);
