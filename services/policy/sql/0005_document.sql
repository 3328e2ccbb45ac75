-- What operators set: one row for each thing, its fields as JSON.  Who may write which, and what a field may
-- hold, is decided by the service; `platform` is the enterprise of what belongs to none.
create table document (
	kind text not null,
	enterprise text not null,
	name text not null,
	id uuid not null,
	version bigint not null check (version > 0),    -- grows with every change
	spec jsonb not null check (jsonb_typeof(spec) = 'object'),
	changed_ms bigint not null,
	changed_by text not null,
	primary key (kind, enterprise, name)
);
