-- The built-in enterprise: its domain can belong to nobody (RFC 6761 6.5), so nobody gains anything by it.
insert into enterprise values ('demo', 1, true);
insert into account values
	('demo', 'alice', '{*}', true),
	('demo', 'bob', '{*}', true),
	('demo', 'operator', '{*}', true);
insert into assignment values
	('demo', 'operator', '*@alpha.example'),
	('demo', 'alice', '*@alpha.example');
