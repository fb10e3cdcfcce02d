-- name: place_of
select place, spots, last_at, session from places where name = :name order by place desc limit 1
-- name: add_place
insert into places (name, session, last_at) values (:name, :session, :at)
-- name: grow_place
update places set spots = :spot, last_at = :at where place = :place
-- name: add_item
insert into items (
    kind, ref, place, spot, at, speaker, role, people, tags, traits, stems, context
) values (
    :kind, :ref, :place, :spot, :at, :speaker, :role, :people, :tags, :traits, :stems, :context
)
-- name: add_item_words
insert into items_words (rowid, stems, context) values (:row, :stems, :context)
-- name: item_rows
select row, stems, context, speaker from items where ref = :ref
-- name: said_after
select row, stems, context, speaker from items where kind = 'said' and ref in (
    select task_id || ' ' || ordinal from events
    where task_id = :task_id and ordinal > :parent and not dead
)
-- name: drop_item_words
insert into items_words (items_words, rowid, stems, context) values ('delete', :row, :stems, :context)
-- name: drop_item
delete from items where row = :row
-- name: drop_vectors
delete from vectors where vector in (2 * :row, 2 * :row + 1)
-- name: count_gone
update segments set gone = gone + 1 where first <= :row and last >= :row
-- name: count_speaker
insert into speakers (name, items) values (:name, :items)
on conflict (name) do update set items = items + excluded.items
-- name: speakers
select name from speakers where items > 0 order by items desc, name
-- name: totals
select items, stems from totals
-- name: grow_totals
update totals set items = items + :items, stems = stems + :stems
-- name: frequencies
select term, doc from items_vocabulary where term in (select value from json_each(:terms))
-- name: rows_of
select ref, row from items where ref in (select value from json_each(:refs)) order by row
-- name: by_time
select row from items where at >= :start and at < :end order by at desc, row desc limit :limit
-- name: around
select row from items where place is not null and (place, spot) in (
    select p.place, p.spot + d.value
    from items p join json_each('[-2,-1,1,2]') d where p.row in (select value from json_each(:rows))
    and p.place is not null
)
-- name: items
select i.row, i.kind, i.ref, i.place, i.spot, i.at, i.speaker, i.role, i.people, i.traits,
    i.stems, i.context,
    m.state, m.recorded_at, m.confidence, m.confirmed_at, m.half_life_s, m.trust, m.valid_from,
    m.valid_until
from items i left join memories m on m.id = i.ref and i.kind in ('fact', 'episode', 'person')
where i.row in (select value from json_each(:rows)) order by i.row
-- name: names_among
select distinct name from names where name in (select value from json_each(:names)) order by name
-- name: edges
select id, subject, object, predicate from memories
where kind = 'fact' and state = 'active' and (valid_until is null or valid_until > :at)
and (subject in (select value from json_each(:names)) or object in (select value from json_each(:names)))
order by row desc limit :limit
-- name: said_texts
select e.task_id || ' ' || e.ordinal, e.body from events e
join json_each(:refs) r on e.task_id = json_extract(r.value, '$[0]')
and e.ordinal = json_extract(r.value, '$[1]') and not e.dead
-- name: embedder
select side, is_current from embedders where name = :name
-- name: embedders
select side, name, is_current from embedders order by side
-- name: add_embedder
insert into embedders (side, name, is_current) values (:side, :name, 0)
-- name: set_current
update embedders set is_current = side = :side
-- name: drop_embedder
delete from embedders where side = :side
-- name: drop_side
delete from vectors where vector % 2 = :side
-- name: drop_segments
delete from segments where side = :side
-- name: without_vectors
select i.row, i.kind, i.ref from items i
where not exists (select 1 from vectors v where v.vector = 2 * i.row + :side)
order by i.row desc limit :limit
-- name: count_without_vectors
select count(*) from items i
where :side < 0 or not exists (select 1 from vectors v where v.vector = 2 * i.row + :side)
-- name: add_vector
insert into vectors (vector, pooled, tokens)
select 2 * :row + :side, :pooled, :tokens where exists (select 1 from items where row = :row)
on conflict (vector) do nothing
-- name: token_codes
select vector, tokens from vectors where vector in (select value from json_each(:vectors))
-- name: loose_vectors
select vector >> 1, pooled from vectors
where pooled is not null and vector % 2 = :side order by vector
-- name: next_loose
select vector >> 1, pooled from vectors
where pooled is not null and vector % 2 = :side order by vector limit :limit
-- name: pack_vector
update vectors set pooled = null where vector = :vector
-- name: loosen_vector
update vectors set pooled = :pooled where vector = :vector
-- name: segments
select segment, gone from segments where side = :side order by segment
-- name: segment
select rows, pooled from segments where segment = :segment
-- name: packed_rows
select v.vector >> 1 from segments s
join vectors v on v.vector between 2 * s.first and 2 * s.last + 1 and v.vector % 2 = s.side
where s.segment = :segment
-- name: add_segment
insert into segments (side, items, first, last, rows, pooled)
values (:side, :items, :first, :last, :rows, :pooled)
-- name: drop_segment
delete from segments where segment = :segment
-- name: thin_segments
select segment from segments where side = :side and 4 * gone > items
