-- The first shape of a brain: one owner's log, texts, memory and soul.
create table brain (key text primary key, value text not null) without rowid;

create table sessions (
    id text primary key,
    opened_at text not null,
    last_at text not null,
    closed_at text
) without rowid;

create table tasks (
    task_id text primary key,
    head integer not null default 0,   -- ordinal of the last event of the live branch
    last integer not null default 0,   -- largest ordinal of any branch
    created_at text not null,
    updated_at text not null
) without rowid;

-- The fencing token of each task's newest lease.
create table leases (task_id text primary key, fence integer not null) without rowid;

create table events (
    position integer primary key,      -- per owner, explicit and gapless within a commit
    task_id text not null,
    ordinal integer not null,
    parent integer,
    turn_id text not null,
    kind text not null,
    at text not null,
    body text not null,
    unique (task_id, ordinal)
);

-- Rendered heads and frames, by SHA-256 of their text: an upgrade never changes what was sent.
create table texts (digest text primary key, text text not null) without rowid;

-- What the owner said, for recall before it is learned from; rowid = events.position.
-- `task` holds one word per task, so that a query can leave the running one out.
create virtual table said using fts5 (
    text, task, content='', tokenize="unicode61 remove_diacritics 0", prefix='3 4'
);

create table notes (
    task_id text not null,
    key text not null,
    value text not null,
    note_kind text not null,
    priority integer not null,
    written_at text not null,
    expires_at text,
    primary key (task_id, key)
) without rowid;

create table facts (
    row integer primary key,
    id text not null unique,
    sentence text not null,
    folded text not null,              -- case and white space folded: what "the same" means
    supersedes text,
    recorded_at text not null,
    valid_until text,
    body text not null
);
create index facts_open on facts (folded) where valid_until is null;
create index facts_successor on facts (supersedes) where supersedes is not null;
create virtual table facts_words using fts5 (
    sentence, content='', tokenize="unicode61 remove_diacritics 0", prefix='3 4'
);

create table soul (
    section text not null,
    key text not null,
    version integer not null,
    text text not null,
    recorded_at text not null,
    evidence text not null,
    primary key (section, key, version)
) without rowid;

create table due (
    task_id text primary key,
    position integer not null,
    reason text not null
) without rowid;
