-- Clients as they are: the folded state with the columns that lists and deadlines ask for. May be dropped and rebuilt.
create table clients (
    tenant   uuid        not null,
    stream   uuid        not null,
    number   bigint      not null,
    version  integer     not null,
    kind     text        not null,
    contact  text        not null,
    recorder text        not null,
    first    text,
    holder       text        not null,
    until        timestamptz,
    next_holder  text,
    turns_at     timestamptz,
    state        bytea       not null,
    primary key (tenant, stream)
);
create unique index on clients (number);
create index on clients (turns_at) where turns_at is not null;
create index on clients (tenant, holder, number);
create index on clients (tenant, next_holder, number) where next_holder is not null;
create index on clients (tenant, contact);
grant select, insert, update, delete on clients to {role};

-- The listings there are, as heard: whether one may be shown.
create table listings_heard (
    tenant  uuid    not null,
    stream  uuid    not null,
    correct boolean not null,
    primary key (tenant, stream)
);
grant select, insert, update, delete on listings_heard to {role};
