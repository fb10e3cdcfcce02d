-- name: add_fact
insert into facts (id, sentence, folded, supersedes, recorded_at, valid_until, body)
values (:id, :sentence, :folded, :supersedes, :recorded_at, :valid_until, :body)
on conflict (id) do nothing
-- name: add_fact_words
insert into facts_words (rowid, sentence) values (:row, :sentence)
-- name: close_fact
update facts set valid_until = :at where id = :id and valid_until is null
-- name: search_facts
select f.body, f.valid_until, -w.rank as score
from facts_words w join facts f on f.row = w.rowid
where w.facts_words match :words and (f.valid_until is null or f.valid_until > :now)
order by w.rank, f.row limit :limit
-- name: facts_by_id
select id, body, valid_until from facts where id in (select value from json_each(:ids))
-- name: closed_facts
select f.id, s.body, s.valid_until from facts f
left join facts s on s.supersedes = f.id
where +f.id in (select value from json_each(:ids))  -- +: few are closed, so those lead
and f.valid_until is not null and f.valid_until <= :now
order by s.row
-- name: same_fact
select body, valid_until from facts
where folded = :folded and (valid_until is null or valid_until > :now) order by row limit 1
-- name: open_facts
select body, valid_until from facts
where valid_until is null or valid_until > :now order by row
-- name: soul
select section, key, version, text, recorded_at, evidence from soul s
where version = (select max(version) from soul t where t.section = s.section and t.key = s.key)
and text <> '' order by section, key
-- name: soul_version
select coalesce(max(version), 0) from soul where section = :section and key = :key
-- name: add_soul_line
insert into soul (section, key, version, text, recorded_at, evidence)
values (:section, :key, :version, :text, :recorded_at, :evidence)
-- name: set_note
insert into notes (task_id, key, value, note_kind, priority, written_at, expires_at)
values (:task_id, :key, :value, :note_kind, :priority, :written_at, :expires_at)
on conflict (task_id, key) do update set value = excluded.value, note_kind = excluded.note_kind,
    priority = excluded.priority, written_at = excluded.written_at, expires_at = excluded.expires_at
-- name: drop_notes
delete from notes where task_id = :task_id
-- name: live_notes
select task_id, key, value, note_kind, priority, written_at, expires_at from notes
where task_id = :task_id and (expires_at is null or expires_at > :now)
order by priority desc, written_at, key
