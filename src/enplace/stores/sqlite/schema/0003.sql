-- Memories of every kind with their changes, and one index over all that recall can find.
create table memories (
    row integer primary key,
    id text not null unique,
    kind text not null,                -- fact, episode, person, document
    recorded_at text not null,
    folded text not null,              -- of a fact: its sentence; else its key or name
    subject text,                      -- of a fact: folded, as are the next two
    predicate text,
    object text,
    supersedes text,
    half_life_s real,
    body text not null,                -- as it was recorded; never rewritten
    -- How it stands: the last of its changes.
    state text not null,
    valid_from text,
    valid_until text,
    confidence real not null,
    confirmed_at text,
    trust text not null,
    aliases text not null default '[]',
    merged_into text,
    changed_by text,
    version integer not null
);
create index memories_folded on memories (folded);
create index memories_subject on memories (subject, predicate, coalesce(valid_until, '~'))
where subject is not null;
create index memories_object on memories (object) where object is not null;
create index memories_successor on memories (supersedes) where supersedes is not null;
create index memories_closed on memories (valid_until) where valid_until is not null;

create table changes (
    change integer primary key,
    write_id integer not null,
    target text not null,
    action text not null,
    at text not null,
    state text not null,
    valid_from text,
    valid_until text,
    confidence real not null,
    confirmed_at text,
    trust text not null,
    aliases text not null,
    merged_into text,
    changed_by text,
    reason text not null
);
create index changes_target on changes (target, change);
create index changes_write on changes (write_id);

create table writes (
    write_id integer primary key,
    at text not null,
    key text unique,                   -- the caller's, for idempotency
    request text not null default '',  -- digest of what was asked for under it
    operation text not null,
    outcome text not null,
    target text not null,
    undone integer not null default 0
);

-- Every name a person goes by, folded.
create table names (
    name text not null, person text not null, primary key (name, person)
) without rowid;

-- What stands beside each other: a session of a task, a document.
create table places (
    place integer primary key,
    name text not null,
    session text not null,
    spots integer not null default 0,  -- how many items stand there
    last_at text not null
);
create index places_name on places (name, place);

-- Everything that recall can find. Rows are never rewritten; what is not to be found is deleted.
create table items (
    row integer primary key autoincrement,
    kind text not null,                -- said, fact, episode, person, chunk
    ref text not null,                 -- said: task_id ordinal; chunk: document id and ordinal
    place integer,
    spot integer,
    at text not null,
    speaker text not null,
    role text not null,
    people text not null,              -- folded names between bars: |ana|bo|
    tags text not null,
    traits integer not null,           -- records/traits.py
    stems text not null,
    context text not null              -- words that stand around it: speaker, headings, names
);
create index items_ref on items (ref);
create index items_at on items (at);
create index items_spot on items (place, spot) where place is not null;
create virtual table items_words using fts5 (
    stems, context, content='items', content_rowid='row', detail='column',
    tokenize='ascii'
);
create virtual table items_vocabulary using fts5vocab ('items_words', 'row');

-- Who said anything that is remembered, folded.
create table speakers (name text primary key, items integer not null) without rowid;

-- Vectors of at most two embedders: the one that answers, and the one that is taking over.
create table embedders (
    side integer primary key,          -- 0 or 1
    name text not null,
    is_current integer not null
);
create table vectors (
    vector integer primary key,        -- 2 * row + side
    pooled blob,                       -- null once it stands in a segment
    tokens blob not null
);
create index vectors_loose on vectors (vector) where pooled is not null;
create table segments (
    segment integer primary key autoincrement,  -- never used twice: readers keep them in memory
    side integer not null,
    items integer not null,
    gone integer not null default 0,   -- items deleted since it was packed, at most
    first integer not null,            -- its smallest and largest row
    last integer not null,
    rows blob not null,                -- 64-bit row numbers, ascending
    pooled blob not null
);

create table totals (items integer not null, stems integer not null);

insert into memories (
    row, id, kind, recorded_at, folded, subject, predicate, object, supersedes, half_life_s,
    body, state, valid_from, valid_until, confidence, trust, version
)
select row, id, 'fact', recorded_at, folded, enplace_fold(json_extract(body, '$.subject')),
    enplace_fold(json_extract(body, '$.predicate')), enplace_fold(json_extract(body, '$.object')),
    supersedes, json_extract(body, '$.half_life_s'), body, 'active', enplace_moment(json_extract(body, '$.valid_from')), valid_until,
    json_extract(body, '$.confidence'), json_extract(body, '$.trust'), 1
from facts;
insert into writes (write_id, at, operation, outcome, target)
select row, recorded_at, json_object('fact', json(body), 'corrects', null, 'op', 'remember'),
    iif(supersedes is null, 'added', 'superseded'), id
from memories;
insert into changes (
    write_id, target, action, at, state, valid_from, valid_until, confidence, trust, aliases, reason
)
select row, id, 'recorded', recorded_at, state, valid_from, null, confidence, trust, '[]', ''
from memories order by row;
insert into changes (
    write_id, target, action, at, state, valid_from, valid_until, confidence, trust, aliases,
    changed_by, reason
)
select s.row, m.id, 'closed', s.recorded_at, 'active', m.valid_from, m.valid_until, m.confidence,
    m.trust, '[]', s.id, 'superseded by name'
from memories m join memories s on s.supersedes = m.id where m.valid_until is not null
order by s.row;
update memories set version = 2, changed_by = (
    select s.id from memories s where s.supersedes = memories.id
) where exists (select 1 from memories s where s.supersedes = memories.id);

insert into items (kind, ref, at, speaker, role, people, tags, traits, stems, context)
select 'fact', id, coalesce(valid_from, recorded_at), '', '',
    coalesce('|' || replace(subject, '|', ' '), '')
    || coalesce('|' || replace(nullif(object, coalesce(subject, '')), '|', ' '), '')
    || iif(coalesce(subject, object) is null, '', '|'),
    '', 0, enplace_terms(json_extract(body, '$.sentence')),
    enplace_terms(replace(
        coalesce(json_extract(body, '$.subject'), '') || ' '
        || coalesce(json_extract(body, '$.object'), '') || ' '
        || coalesce(json_extract(body, '$.predicate'), ''), '_', ' '
    ))
from memories order by row;
insert into places (name, session, spots, last_at)
select task_id, '', count(*), max(at) from events
where kind in ('user_message', 'assistant_message') and not dead
    and trim(enplace_said(body), char(9, 10, 11, 12, 13, 32)) != ''
group by task_id order by min(position);
insert into items (
    kind, ref, place, spot, at, speaker, role, people, tags, traits, stems, context
)
select 'said', e.task_id || ' ' || e.ordinal, p.place,
    row_number() over (partition by e.task_id order by e.ordinal), e.at, '',
    iif(e.kind = 'user_message', 'user', 'assistant'), '', '',
    enplace_traits(enplace_said(e.body)), enplace_terms(enplace_said(e.body)), ''
from events e join places p on p.name = e.task_id
where e.kind in ('user_message', 'assistant_message') and not e.dead
    and trim(enplace_said(e.body), char(9, 10, 11, 12, 13, 32)) != ''
order by e.position;
insert into items_words (items_words) values ('rebuild');
insert into totals
select count(*), coalesce(sum(1 + length(stems) - length(replace(stems, ' ', ''))), 0) from items;

drop table facts_words;
drop table facts;
drop table said;
