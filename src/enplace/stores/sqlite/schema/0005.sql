-- Questions to people are looked for over all tasks.
create index events_hitl on events (position) where kind in ('hitl_request', 'hitl_resolved');
