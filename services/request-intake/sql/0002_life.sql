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
