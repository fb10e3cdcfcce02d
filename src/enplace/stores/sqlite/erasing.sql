-- name: items_of
select row, stems, context, speaker, place, spot from items where ref = :ref order by row
-- name: every_text
select digest, text from texts
-- name: every_event
select position, task_id, ordinal, parent, turn_id, at, body, kind, dead from events
where position > :after order by position limit :limit
-- name: starts_of_turn
select position, task_id, ordinal, parent, turn_id, at, body, kind, dead from events
where task_id = :task_id and turn_id = :turn_id and kind = 'thread_lifecycle'
-- name: rewrite_event
update events set body = :body, turn_id = :turn_id where position = :position
-- name: drop_text
delete from texts where digest = :digest
-- name: every_memory
select row, id, kind, body, aliases, merged_into from memories where row > :after
order by row limit :limit
-- name: rewrite_memory
update memories set id = :id, folded = :folded, subject = :subject, predicate = :predicate,
    object = :object, supersedes = :supersedes, body = :body, aliases = :aliases,
    merged_into = :merged_into
where row = :row
-- name: drop_memory
delete from memories where id = :id
-- name: changed_by
update memories set changed_by = :by where changed_by = :before
-- name: count_changes
select count(*) from changes where target = :id
-- name: drop_changes
delete from changes where target = :id
-- name: every_change
select change, target, action, state, valid_from, valid_until, confidence, confirmed_at, trust,
    aliases, merged_into, changed_by, reason, at, write_id
from changes where change > :after order by change limit :limit
-- name: rewrite_change
update changes set target = :target, aliases = :aliases, merged_into = :merged_into,
    changed_by = :changed_by, reason = :reason where change = :change
-- name: every_write
select write_id, at, operation, outcome, target, key, request, batch, undone from writes
where write_id > :after order by write_id limit :limit
-- name: changes_of_write
select target, action, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, changed_by, reason, at, write_id
from changes where write_id = :write_id order by change
-- name: rewrite_write
update writes set operation = :operation, outcome = :outcome, target = :target, key = :key,
    request = :request, batch = :batch where write_id = :write_id
-- name: rewrite_soul
update soul set key = :key, text = :text, evidence = :evidence, batch = :batch
where section = :section and key = :before and version = :version
-- name: drop_note
delete from notes where task_id = :task_id and key = :key
-- name: rewrite_batch
update batches set id = :id, task_id = :task_id, reason = :reason, report = :report
where id = :before
-- name: rewrite_attempt
update attempts set trouble = :trouble where task_id = :task_id and after = :after
-- name: rewrite_due
update due set reason = :reason where task_id = :task_id
-- name: all_places
select distinct name, session from places
-- name: rename_place
update places set name = :name where name = :before
-- name: rename_visit
update places set session = :session where session = :before
-- name: all_sessions
select id from sessions
-- name: rename_session
update sessions set id = :id where id = :before
-- name: all_fences
select task_id from leases
-- name: rename_fence
update leases set task_id = :task_id where task_id = :before
-- name: rename_task
update tasks set task_id = :task_id where task_id = :before
-- name: rename_events
update events set task_id = :task_id where task_id = :before
-- name: rename_notes
update notes set task_id = :task_id where task_id = :before
-- name: rename_due
update due set task_id = :task_id where task_id = :before
-- name: rename_cursor
update cursors set task_id = :task_id where task_id = :before
-- name: rename_attempts
update attempts set task_id = :task_id where task_id = :before
-- name: rename_batches
update batches set task_id = :task_id where task_id = :before
-- name: items_of_task
select row, ref from items where kind = 'said' and substr(ref, 1, length(:task_id) + 1) = :task_id || ' '
-- name: rename_item
update items set ref = :ref where row = :row
-- name: forget_silent_speakers
delete from speakers where items <= 0
-- name: rebuild_words
insert into items_words (items_words) values ('rebuild')
-- name: last_change
select coalesce(max(change), 0) from changes
-- name: grow_erased
insert into brain (key, value) values ('erased', :count)
on conflict (key) do update set value = cast(cast(value as integer) + :count as text)
-- name: must_pack
insert into brain (key, value) values ('unpacked', '1') on conflict (key) do nothing
-- name: packed
delete from brain where key = 'unpacked'
-- name: is_unpacked
select 1 from brain where key = 'unpacked'
