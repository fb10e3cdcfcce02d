-- name: task
select head, last from tasks where task_id = :task_id
-- name: add_task
insert into tasks (task_id, created_at, updated_at) values (:task_id, :at, :at)
on conflict (task_id) do nothing
-- name: move_head
update tasks set head = :head, last = :last, updated_at = :at where task_id = :task_id
-- name: raise_fence
insert into leases (task_id, fence) values (:task_id, 1)
on conflict (task_id) do update set fence = fence + 1 returning fence
-- name: fence
select fence from leases where task_id = :task_id
-- name: all_tasks
select task_id, head, created_at, updated_at from tasks order by updated_at desc, task_id
-- name: last_position
select coalesce(max(position), 0) from events
-- name: add_event
insert into events (position, task_id, ordinal, parent, turn_id, kind, at, body)
values (:position, :task_id, :ordinal, :parent, :turn_id, :kind, :at, :body)
-- name: events_after
select position, ordinal, parent, turn_id, at, body from events
where task_id = :task_id and ordinal > :after and not dead order by ordinal
-- name: dead_events
select position, ordinal, parent, turn_id, at, body from events
where task_id = :task_id and dead order by ordinal
-- name: hitl_events
select position, ordinal, parent, turn_id, at, body, task_id from events
where kind in ('hitl_request', 'hitl_resolved') and not dead order by position
-- name: leave_branch
update events set dead = 1 where task_id = :task_id and ordinal > :parent and not dead
-- name: live_notes_written
select body from events
where task_id = :task_id and kind = 'working_memory_update' and not dead order by ordinal
-- name: add_text
insert into texts (digest, text) values (:digest, :text) on conflict (digest) do nothing
-- name: texts
select digest, text from texts where digest in (select value from json_each(:digests))
-- name: set_due
insert into due (task_id, position, reason) values (:task_id, :position, :reason)
on conflict (task_id) do update set position = excluded.position, reason = excluded.reason
-- name: due
select task_id, position, reason from due order by position
-- name: session
select id, opened_at, last_at, closed_at from sessions where closed_at is null
order by opened_at desc limit 1
-- name: session_known
select id from sessions where id = :id
-- name: set_session
insert into sessions (id, opened_at, last_at, closed_at)
values (:id, :opened_at, :last_at, :closed_at)
on conflict (id) do update set last_at = excluded.last_at,
    closed_at = coalesce(sessions.closed_at, excluded.closed_at)
-- name: close_other_sessions
update sessions set closed_at = last_at where closed_at is null and id <> :id
