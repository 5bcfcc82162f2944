-- Statements too long to be waited for: asked for, made one after the other, fetched for a day. May be dropped: who waits asks again.
create table statement_files (
    tenant     uuid        not null,
    id         uuid        not null,
    asked      bytea       not null,
    lines      integer     not null,
    by         text        not null,
    asked_at   timestamptz not null default clock_timestamp(),
    begun      integer     not null default 0,
    made_at    timestamptz,
    sha256     bytea,
    size_bytes bigint,
    primary key (tenant, id)
);
create index on statement_files (asked_at) where made_at is null;
create index on statement_files (tenant, by, asked_at);
create table statement_parts (
    tenant  uuid    not null,
    id      uuid    not null,
    number  integer not null,
    content bytea   not null,
    primary key (tenant, id, number),
    foreign key (tenant, id) references statement_files on delete cascade
);
alter table statement_parts alter column content set storage external;
grant select, insert, update, delete on statement_files, statement_parts to {role};
