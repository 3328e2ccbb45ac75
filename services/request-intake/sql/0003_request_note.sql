-- What enterprises want people to read before they ask for something, as policy told it last.
create table request_note (
	enterprise text not null,
	kind integer not null,                  -- as enum note_kind
	screen integer not null,                -- as enum note_screen; 0: the request as a whole
	version bigint not null,                -- of the document
	body text not null,                     -- '': there is none any more, and nothing older comes back
	primary key (enterprise, kind, screen)
);
