-- Codes of second factors: the newest of each person for each request, as keyed digests.  Times are milliseconds
-- since 1970 (UTC).
create table code_challenge (
	request uuid not null,
	enterprise text not null,
	account text not null,
	challenge uuid not null unique,
	method text not null,
	request_digest bytea not null check (length(request_digest) = 32),
	mac_email bytea not null check (length(mac_email) = 32), -- all zero: the method sends none there
	mac_sms bytea not null check (length(mac_sms) = 32),
	mac_login bytea not null check (length(mac_login) = 32),  -- all zero until somebody has logged in
	failed_email boolean not null,                  -- nothing can be sent there
	failed_sms boolean not null,
	failed_login boolean not null,                  -- no code will be shown
	identity text not null,                         -- who has to log in at a provider; empty: nobody
	returned boolean not null,                      -- from there; it counts once
	made_ms bigint not null,
	expires_ms bigint not null,
	tries integer not null check (tries between 0 and 5),
	state text not null check (state in ('open', 'void', 'used')),
	version integer not null,
	primary key (request, enterprise, account)
);
create index code_challenge_expires on code_challenge (expires_ms);  -- swept by

-- When somebody was sent codes: so many in an hour.
create table code_sent (
	challenge uuid primary key,
	enterprise text not null,
	account text not null,
	at_ms bigint not null
);
create index code_sent_of on code_sent (enterprise, account, at_ms);
create index code_sent_at on code_sent (at_ms);  -- swept by
