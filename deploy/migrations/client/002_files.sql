-- Care of clients: what is due and by whom it is looked after, as columns that lists ask for (K-2 to K-10); and visits and calls (K-1).
-- The folded state has grown with them, so what is shown is built again from the log.
alter table clients
    add column contacts         text[]  not null default '{}',
    add column due              timestamptz,
    add column is_open          boolean not null default true,
    add column lacks_plan       boolean not null default true,
    add column lacks_check      boolean not null default true,
    add column loss_reported_at timestamptz,
    add column agents_min       integer,
    add column left_by          text,
    add column left_at          timestamptz,
    add column half             text    not null default '',
    add column examined         boolean not null default false,
    add column examined_at      timestamptz,
    add column found            text[]  not null default '{}',
    add column findings         text[]  not null default '{}';
create index on clients (tenant, due, number) where due is not null;
create index on clients (tenant, loss_reported_at, number) where loss_reported_at is not null;
create index on clients (tenant, left_at, number) where left_by is not null;
create index on clients (tenant, number) where agents_min is not null;
create index on clients (tenant, number) where findings <> '{}';
create index on clients (tenant, half) where examined;
create index on clients (examined_at) where examined_at is not null;
create index on clients using gin (contacts);
delete from clients;
update checkpoints set position = 0 where source = 'client';

create table visits (
    tenant        uuid    not null,
    stream        uuid    not null,
    number        bigint  not null,
    version       integer not null,
    agent         text    not null,
    registered_by text    not null,
    client        uuid,
    open_until    timestamptz,
    announces_at  timestamptz,
    state         bytea   not null,
    primary key (tenant, stream)
);
create unique index on visits (number);
create index on visits (tenant, agent, number);
create index on visits (tenant, client) where client is not null;
create index on visits (tenant, open_until, number) where open_until is not null;
create index on visits (announces_at) where announces_at is not null;
grant select, insert, update, delete on visits to {role};
