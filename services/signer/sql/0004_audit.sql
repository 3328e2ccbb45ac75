-- Signed heads of the audit tree.  Each is published too, so that the end of the log is kept elsewhere.

create table audit_tree_head (
	size bigint primary key check (size > 0),
	root bytea not null check (length(root) = 32),
	at_ms bigint not null,
	keyid text not null,
	signature bytea not null check (length(signature) = 64)
);
create trigger append_only before update or delete on audit_tree_head
	for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_tree_head execute function refuse_change();
