-- One challenge for each domain check of a request; a row without a value is a wish that came before the plan.
create table challenge (
	request uuid not null,
	check_id text not null,
	domain text not null,
	asked bytea not null,           -- the order, as received
	value text not null,            -- what shall be published; '' while only wished for
	made_ms bigint not null,
	expires_ms bigint not null,
	attempt integer not null,       -- of the last look
	looking boolean not null,       -- a look is under way
	proved boolean not null,
	wished boolean not null,        -- Verify was pressed before the order came
	enterprise text not null,
	account text not null,
	version integer not null,
	primary key (request, check_id)
);
