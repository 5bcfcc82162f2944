-- Grading (G-1 to G-4): figures and late payments of clients, gradings with their places, and from them the grades over time.
create table figures (
    tenant  uuid    not null,
    year    integer not null,
    client  uuid    not null,
    figures bytea   not null,
    primary key (tenant, year, client)
);
create table gradings (
    tenant       uuid        not null,
    stream       uuid        not null,
    number       bigint      not null,
    version      integer     not null,
    year         integer     not null,
    state        text        not null,
    of           integer     not null,
    drafted_by   text        not null,
    confirmed_by text,
    effective_at timestamptz,
    withdrawn_at timestamptz,
    grades       bytea       not null,
    primary key (tenant, stream)
);
create unique index on gradings (number);
create table places (
    tenant  uuid    not null,
    grading uuid    not null,
    ordinal integer not null,
    client  uuid    not null,
    step    integer not null,
    place   bytea   not null,
    primary key (tenant, grading, ordinal)
);
create index on places (tenant, client);
create table grade_drops (
    tenant      uuid        not null,
    client      uuid        not null,
    quarter     text        not null,
    at          timestamptz not null,
    needed      integer     not null,
    restored_at timestamptz,
    primary key (tenant, client, at)
);
create table grades (
    tenant  uuid        not null,
    client  uuid        not null,
    since   timestamptz not null,
    until   timestamptz,
    grading uuid        not null,
    ordinal integer     not null,
    step    integer     not null,
    lost    text[]      not null,
    primary key (tenant, client, since)
);
create index on grades (tenant, step, ordinal, client);
-- That somebody called on a client in a quarter, by what channel (G-4).
create table calls_on (
    tenant  uuid        not null,
    client  uuid        not null,
    quarter text        not null,
    channel text        not null,
    by      text        not null,
    at      timestamptz not null,
    primary key (tenant, client, quarter, channel)
);

-- Complaints as they are, and the deals that one may be about (C-2).
create table complaints (
    tenant        uuid    not null,
    stream        uuid    not null,
    number        bigint  not null,
    version       integer not null,
    stands        text    not null,
    registered_by text    not null,
    assignee      text,
    against       text[]  not null,
    due           timestamptz,
    client        text,
    listing       text,
    deal          text,
    state         bytea   not null,
    primary key (tenant, stream)
);
create unique index on complaints (number);
create index on complaints (tenant, due) where due is not null;
create table deals_heard (
    tenant uuid not null,
    stream uuid not null,
    primary key (tenant, stream)
);
grant select, insert, update, delete on figures, gradings, places, grade_drops, grades, calls_on, complaints, deals_heard to {role};
-- Follow-ups that were recorded before count as calls; the views are built again from the log.
delete from clients;
delete from visits;
update checkpoints set position = 0 where source = 'client';
