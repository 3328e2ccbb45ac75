-- Evidence that stands no more is swept away by when it ended.
create index standing_until on standing (valid_until_ms);
-- And plans that ended.
create index plan_ended on plan (since_ms) where state = 'ended';
