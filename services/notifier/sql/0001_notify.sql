-- Whom we told of what, once for each request and kind.  Times are milliseconds since 1970 (UTC).
create table delivery (
	request uuid not null,
	kind text not null check (kind in ('issued', 'refused', 'revoked', 'expiring-30',
	    'expiring-14', 'expiring-7', 'expiring-1')),
	state text not null check (state in ('waiting', 'sent', 'given-up', 'nobody')),
	made_ms bigint not null,
	attempts integer not null check (attempts >= 0),
	reply text not null,                            -- the relay's last word, escaped
	version integer not null,
	primary key (request, kind)
) with (fillfactor = 60);                               -- each row is changed once, soon, where it lies
create index delivery_made on delivery using brin (made_ms) with (autosummarize = on);  -- swept by
