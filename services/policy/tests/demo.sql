-- The enterprise of the tests: alice, bob and an operator, who may name any domain that they prove.
insert into document (kind, enterprise, name, id, version, spec, changed_ms, changed_by)
select kind, 'demo', name, gen_random_uuid(), 50 + row_number() over (), spec::jsonb, 0, 'demo'
from (values
	('enterprise', 'demo', '{"title": "Demo", "active": true, "domain_mode": "any", "caa": true, "issuers": [], "profiles": ["*"], "private_trust": true}'),
	('person', 'alice', '{"title": "", "active": true, "roles": ["user"], "profiles": ["*"], "email": "", "phone": "", "details": {}}'),
	('person', 'bob', '{"title": "", "active": true, "roles": ["user"], "profiles": ["*"], "email": "", "phone": "", "details": {}}'),
	('person', 'operator', '{"title": "", "active": true, "roles": ["operator", "user"], "profiles": ["*"], "email": "", "phone": "", "details": {}}'),
	('assignment', '*@alpha.example', '{"people": ["alice", "operator"]}')
) as d (kind, name, spec);
