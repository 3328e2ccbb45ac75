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
	primary key (request, check_id)
);
