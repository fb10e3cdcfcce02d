-- Learning: how far the log was learned from, in which batches, and what each of them wrote.
create table batches (
    id text primary key,               -- sorts by time
    task_id text not null,
    after integer not null,            -- positions of events
    upto integer not null,
    at text not null,
    extractor text not null,
    reason text not null,
    state text not null,               -- done, rolled_back, set_aside
    report text not null
) without rowid;
create index batches_task on batches (task_id);

-- Work is what stands behind it.
create table cursors (task_id text primary key, position integer not null) without rowid;

-- Of stretches that were not learned from yet, counted before each try.
create table attempts (
    task_id text not null,
    after integer not null,
    tries integer not null,
    at text not null,
    trouble text not null,
    primary key (task_id, after)
) without rowid;

alter table writes add column batch text;
create index writes_batch on writes (batch) where batch is not null;
alter table soul add column batch text;
