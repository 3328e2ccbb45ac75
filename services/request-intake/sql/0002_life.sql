-- What comes after a certificate.  Times are milliseconds since 1970 (UTC); 0: never.

-- One for each certificate that shall be revoked, could not be, or is.
create table revocation (
	request uuid primary key,
	asked_by integer not null,              -- as RevokedBy of the protocol
	account text not null,                  -- who asked; '' for others
	reason integer not null,                -- RFC 5280 5.3.1; 0: none
	said text not null,
	report text not null,                   -- id of the problem report; '' for none
	note_version text not null,
	known_ms bigint not null,               -- the clock of SBR 4.9.1.1 began
	asked_ms bigint not null,
	due_ms bigint not null,
	revoked_ms bigint not null,
	refusal_code text not null,             -- '': the signer did not refuse
	refusal_text text not null
);

-- What anybody reports about a certificate (SBR 4.9.3).
create table report (
	id uuid primary key,
	request uuid not null,                  -- of the certificate; changes only under its lock
	enterprise text not null,
	state text not null check (state in ('open', 'asked', 'revoked', 'rejected')),
	body_sha256 bytea not null,
	category text not null,
	said text not null,                     -- by a stranger
	contact text not null,                  -- '': none was given
	proved boolean not null,
	received_ms bigint not null,
	preliminary_due_ms bigint not null,
	preliminary_ms bigint not null,
	preliminary_text text not null,
	preliminary_by text not null,
	due_ms bigint not null,
	decided_ms bigint not null,
	ground text not null,
	decision text not null,
	decided_by text not null,
	reason integer not null,
	closed_ms bigint not null
);
create index report_due on report (enterprise, state, due_ms, id);
create index report_asked on report (request) where state = 'asked';
create index report_waiting on report (received_ms) where state in ('open', 'asked');
