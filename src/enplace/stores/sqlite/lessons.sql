-- name: due_lessons
select d.task_id, d.position, d.reason from due d left join cursors c on c.task_id = d.task_id
where d.position > coalesce(c.position, 0) order by d.position
-- name: cursor
select position from cursors where task_id = :task_id
-- name: set_cursor
insert into cursors (task_id, position) values (:task_id, :position)
on conflict (task_id) do update set position = excluded.position
-- name: count_attempt
insert into attempts (task_id, after, tries, at, trouble) values (:task_id, :after, 1, :at, '')
on conflict (task_id, after) do update set tries = tries + 1, at = excluded.at, trouble = ''
returning task_id, after, tries, at, trouble
-- name: fail_attempt
insert into attempts (task_id, after, tries, at, trouble)
values (:task_id, :after, 1, :at, :trouble)
on conflict (task_id, after) do update set trouble = excluded.trouble
returning task_id, after, tries, at, trouble
-- name: trouble
select trouble from attempts where task_id = :task_id and after = :after
-- name: attempts
select task_id, after, tries, at, trouble from attempts order by at, task_id, after
-- name: drop_attempts
delete from attempts where task_id = :task_id and after < :upto
-- name: add_batch
insert into batches (id, task_id, after, upto, at, extractor, reason, state, report)
values (:id, :task_id, :after, :upto, :at, :extractor, :reason, :state, :report)
-- name: last_batches
select id, task_id, after, upto, at, extractor, reason, state, report from batches
where (:state is null or state = :state) order by id desc limit :limit
-- name: batch
select id, task_id, after, upto, at, extractor, reason, state, report from batches where id = :id
-- name: writes_of_batch
select write_id from writes where batch = :id order by write_id
-- name: roll_back_batch
update batches set state = 'rolled_back' where id = :id
-- name: rewind
update cursors set position = min(position, :after) where task_id = :task_id
-- name: operations_on
select operation from writes where write_id in (select write_id from changes where target = :id)
and target = :id and not undone order by write_id
