-- What is asked of each mailbox, and the mails that were made for it.  No token is here: only a keyed
-- digest of it, and a nonce that makes it again together with the key file.
-- Times are milliseconds since 1970 (UTC).

create table challenge (
	request uuid not null,
	check_id text not null check (check_id ~ '^mailbox-[1-9][0-9]?$'),
	asked bytea not null,                           -- policy's order; empty: not here yet
	wish_enterprise text not null,                  -- who pressed Verify before the order came; '': nobody
	wish_account text not null,
	wished_ms bigint not null,
	tries integer not null check (tries between 0 and 5),  -- wrong ones, against the mails that live
	mails_made integer not null check (mails_made >= 0),
	mails_sent integer not null check (mails_sent >= 0),
	evidence bytea not null,                        -- envelope that says proved; empty: not proved
	proved_mail uuid not null,                      -- whose token proved it; zero: none
	version integer not null,
	wish_method text not null,                      -- of that press; '': any
	since_ms bigint not null,                       -- when it was first stored: an id need not tell
	primary key (request, check_id)
);
create index challenge_since on challenge (since_ms);  -- swept by

create table mail (
	id uuid primary key,
	request uuid not null,
	check_id text not null,
	mailbox text not null,                          -- as it is counted: folded, without a +tag
	domain text not null,                           -- of the mailbox, A-labels
	enterprise text not null,                       -- that asked
	account text not null,
	nonce bytea not null check (length(nonce) = 32),
	mac bytea not null check (length(mac) = 32),    -- HMAC-SHA-256: token, request, mailbox, account, mail, expiry
	made_ms bigint not null,
	expires_ms bigint not null,
	state text not null check (state in ('made', 'sent', 'refused', 'unrouted')),
	void boolean not null,
	reply text not null,                            -- the last word of a mail server, escaped
	route bytea not null,                           -- how the domain took mail then, for the evidence; empty: unknown
	method text not null check (method in ('email-token', 'email-reply')),
	bad_answers integer not null check (bad_answers between 0 and 3),
	returned integer not null check (returned between 0 and 20),  -- what came back of it and was told
	check (expires_ms > made_ms and expires_ms <= made_ms + 86400000),  -- SBR 3.2.2.2: 24 h from creation
	foreign key (request, check_id) references challenge (request, check_id)
);
create index mail_challenge on mail (request, check_id);
create index mail_mailbox on mail (mailbox, made_ms);    -- for the limits
create index mail_domain on mail (domain, made_ms);
create index mail_account on mail (enterprise, account, made_ms);
