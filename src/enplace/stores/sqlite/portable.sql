-- name: counts_of_memories
select kind, count(*) from memories group by kind
-- name: last_numbers
select (select count(*) from events), (select coalesce(max(position), 0) from events),
    (select count(*) from writes), (select coalesce(max(write_id), 0) from writes),
    (select coalesce(max(row), 0) from memories),
    (select count(*) from changes), (select coalesce(max(change), 0) from changes)
-- name: digests
select digest from texts order by digest
-- name: undos
select operation from writes where operation like '%"op":"undo"}'
-- name: all_notes
select task_id, key, value, note_kind, priority, written_at, expires_at from notes
order by task_id, key
-- name: all_due
select d.task_id, e.ordinal, d.reason from due d join events e on e.position = d.position
order by d.task_id
-- name: page_of_events
select position, task_id, ordinal, parent, turn_id, at, body from events
where position > :after and position <= :last order by position limit :limit
-- name: page_of_writes
select write_id, at, operation, outcome, target, key, request, batch, undone from writes
where write_id > :after and write_id <= :last order by write_id limit :limit
-- name: page_of_memories
select row, kind, body from memories where row > :after and row <= :last order by row limit :limit
-- name: page_of_changes
select change, target, action, state, valid_from, valid_until, confidence, confirmed_at, trust,
    aliases, merged_into, changed_by, reason, at, write_id
from changes where change > :after and change <= :last order by change limit :limit
-- name: events_of_tasks
select position, task_id, ordinal, parent, turn_id, at, body from events
where task_id in (select value from json_each(:tasks)) order by position
-- name: known_texts
select digest from texts where digest in (select value from json_each(:digests))
-- name: writes_of_moments
select write_id, at, operation, outcome, target, key, request, batch, undone from writes
where at in (select value from json_each(:moments)) order by write_id
-- name: erased_ids
select distinct target from writes where outcome = 'erased'
and target not in (select id from memories)
-- name: last_write
select coalesce(max(write_id), 0) from writes
-- name: known_keys
select key from writes where key in (select value from json_each(:keys))
-- name: recorded
select kind, body from memories where id in (select value from json_each(:ids))
-- name: put_write
insert into writes (write_id, at, key, request, operation, outcome, target, batch, undone)
values (:write_id, :at, :key, :request, :operation, :outcome, :target, :batch, :undone)
-- name: put_due
insert into due (task_id, position, reason)
select :task_id, position, :reason from events where task_id = :task_id and ordinal = :ordinal
on conflict (task_id) do update set position = excluded.position, reason = excluded.reason
-- name: all_batches
select b.id, b.task_id, b.after, b.upto, b.at, b.extractor, b.reason, b.state, b.report, (
    select coalesce(max(ordinal), 0) from events where task_id = b.task_id and position <= b.after
), (
    select coalesce(max(ordinal), 0) from events where task_id = b.task_id and position <= b.upto
) from batches b order by b.id
-- name: all_cursors
select c.task_id, (
    select coalesce(max(ordinal), 0) from events
    where task_id = c.task_id and position <= c.position
) from cursors c order by c.task_id
-- name: put_batch
insert into batches (id, task_id, after, upto, at, extractor, reason, state, report)
values (
    :id, :task_id,
    coalesce((select position from events where task_id = :task_id and ordinal = :after), 0),
    coalesce((select position from events where task_id = :task_id and ordinal = :upto), 0),
    :at, :extractor, :reason, :state, :report
)
on conflict (id) do update set state = excluded.state
-- name: put_cursor
insert into cursors (task_id, position)
values (
    :task_id, coalesce((select position from events where task_id = :task_id and ordinal = :ordinal), 0)
)
on conflict (task_id) do update set position = excluded.position
