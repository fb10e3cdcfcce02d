-- name: add_memory
insert into memories (
    id, kind, recorded_at, folded, subject, predicate, object, supersedes, half_life_s, body, state,
    valid_from, valid_until, confidence, confirmed_at, trust, aliases, merged_into, version
) values (
    :id, :kind, :recorded_at, :folded, :subject, :predicate, :object, :supersedes, :half_life_s,
    :body, :state, :valid_from, :valid_until, :confidence, :confirmed_at, :trust, :aliases,
    :merged_into, 1
)
-- name: add_change
insert into changes (
    write_id, target, action, at, state, valid_from, valid_until, confidence, confirmed_at, trust,
    aliases, merged_into, changed_by, reason
) values (
    :write_id, :target, :action, :at, :state, :valid_from, :valid_until, :confidence,
    :confirmed_at, :trust, :aliases, :merged_into, :changed_by, :reason
)
-- name: change_memory
update memories set state = :state, valid_from = :valid_from, valid_until = :valid_until,
    confidence = :confidence, confirmed_at = :confirmed_at, trust = :trust, aliases = :aliases,
    merged_into = :merged_into, changed_by = :changed_by, version = version + 1
where id = :target
-- name: revision
select coalesce(max(change), 0)
    + coalesce((select cast(value as integer) from brain where key = 'erased'), 0) from changes
-- name: add_write
insert into writes (at, key, request, operation, outcome, target, batch)
values (:at, :key, :request, :operation, :outcome, :target, :batch)
-- name: mark_undone
update writes set undone = 1 where write_id = :write_id
-- name: write_of_key
select write_id, at, operation, outcome, target, key, request, batch, undone from writes where key = :key
-- name: writes
select write_id, at, operation, outcome, target, key, request, batch, undone from writes
where write_id in (select value from json_each(:ids)) order by write_id
-- name: last_writes
select write_id, at, operation, outcome, target, key, request, batch, undone from writes
where write_id < :before order by write_id desc limit :limit
-- name: writes_on
select distinct write_id from changes
where target in (select value from json_each(:ids)) and write_id > 0
-- name: targets_of
select distinct target from changes where write_id in (select value from json_each(:ids))
-- name: facts_about
select id from memories where kind = 'fact' and subject in (select value from json_each(:ids))
-- name: places_of
select distinct subject, predicate, object, folded from memories
where id in (select value from json_each(:ids)) and kind = 'fact'
-- name: names_beside
with recursive cluster (person) as (  -- a name of several is that of the one recorded first
    select person from (
        select n.person from names n join memories m on m.id = n.person where n.name = :name
        order by m.row limit 1
    )
    union select i.id from memories m join cluster c on m.id = c.person
    join memories i on i.id = m.merged_into where i.state = 'active'
    union select m.id from memories m join cluster c on m.merged_into = c.person
    where m.state = 'active'
)
select distinct n.name from names n where n.person in (select person from cluster)
and (
    select o.person from names o join memories m on m.id = o.person where o.name = n.name
    order by m.row limit 1
) in (select person from cluster)
-- name: add_name
insert into names (name, person) values (:name, :person) on conflict do nothing
-- name: drop_names
delete from names where person = :person
-- name: facts_near
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where :holds_one and predicate = :predicate
and subject in (select value from json_each(:names))
and coalesce(valid_until, '~') > :start and (:start = '' or state in ('active', 'disputed'))
union all  -- unary plus: the objects are the most telling
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where not :holds_one and object = :object and +predicate = :predicate
and +subject in (select value from json_each(:names))
and coalesce(valid_until, '~') > :start and (:start = '' or state in ('active', 'disputed'))
union all
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where kind = 'fact' and folded = :folded
and (+subject in (select value from json_each(:names)) or subject is null and :names = '[]')
and coalesce(valid_until, '~') > :start and (:start = '' or state in ('active', 'disputed'))
-- name: memory_by_id
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where id = :id
-- name: memories_by_id
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where id in (select value from json_each(:ids))
-- name: all_facts
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where kind = 'fact'
and (:subjects is null or subject in (select value from json_each(:subjects)))
and (:predicate is null or predicate = :predicate) order by row
-- name: memories_of_kind
select id, kind, body, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, version
from memories where (:kind = '' or kind = :kind)
and (:everything or state not in ('forgotten', 'retired')) order by row limit :limit offset :after
-- name: memory_row
select row from memories where id = :id
-- name: changes_of
select target, action, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, changed_by, reason, at, write_id
from changes where target in (select value from json_each(:ids)) order by change
-- name: changes_in
select target, action, state, valid_from, valid_until, confidence, confirmed_at, trust, aliases,
    merged_into, changed_by, reason, at, write_id
from changes where write_id = :write_id order by change
-- name: closed_facts
select f.id, s.id from memories f
left join memories s on s.id = f.changed_by or (f.changed_by is null and s.supersedes = f.id)
where f.kind = 'fact' and +f.id in (select value from json_each(:ids))
and (f.state <> 'active' or f.valid_until is not null and f.valid_until <= :now)
order by s.row
-- name: named
select id from memories where kind = :kind and folded = :folded
and state not in ('forgotten', 'retired') order by row desc limit 1
-- name: person_named
select n.person from names n join memories m on m.id = n.person
where n.name = :name order by m.row limit 1
-- name: soul
select section, key, version, text, recorded_at, evidence, batch from soul s
where version = (select max(version) from soul t where t.section = s.section and t.key = s.key)
and text <> '' order by section, key
-- name: soul_history
select section, key, version, text, recorded_at, evidence, batch from soul
order by section, key, version
-- name: soul_version
select coalesce(max(version), 0) from soul where section = :section and key = :key
-- name: add_soul_line
insert into soul (section, key, version, text, recorded_at, evidence, batch)
values (:section, :key, :version, :text, :recorded_at, :evidence, :batch)
-- name: set_note
insert into notes (task_id, key, value, note_kind, priority, written_at, expires_at)
values (:task_id, :key, :value, :note_kind, :priority, :written_at, :expires_at)
on conflict (task_id, key) do update set value = excluded.value, note_kind = excluded.note_kind,
    priority = excluded.priority, written_at = excluded.written_at, expires_at = excluded.expires_at
-- name: drop_notes
delete from notes where task_id = :task_id
-- name: sweep_notes
delete from notes where expires_at is not null and expires_at <= :now returning task_id, key
-- name: live_notes
select task_id, key, value, note_kind, priority, written_at, expires_at from notes
where task_id = :task_id and (expires_at is null or expires_at > :now)
order by priority desc, written_at, key
