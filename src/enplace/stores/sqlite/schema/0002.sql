-- Branches: 1 on a branch that an edit or retry left behind.
alter table events add column dead integer not null default 0;

-- Few facts are closed; corrections ask for those.
create index facts_closed on facts (valid_until) where valid_until is not null;
