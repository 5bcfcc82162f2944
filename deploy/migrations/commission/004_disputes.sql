-- Disputes as they stand, for lists.
alter table disputes
    add column number    bigint      not null default 0,
    add column by        text        not null default '',
    add column opened_at timestamptz not null default '-infinity',
    add column standing  text        not null default 'open';
create index on disputes (tenant, number);

-- Rulings, to be found by clause as precedents.
create table rulings (
    tenant   uuid        not null,
    position bigint      not null,
    dispute  uuid        not null,
    deal     uuid        not null,
    instance integer     not null,
    outcome  text        not null,
    clauses  text[]      not null,
    reason   text        not null,
    effect   bytea       not null,
    ruled_at timestamptz not null,
    primary key (tenant, position)
);
create index on rulings (tenant, dispute);
create index on rulings using gin (clauses);
grant select, insert, update, delete on rulings to {role};

-- What a violation may repeat: the earlier ones of its kind by the same person.
create index on violations (tenant, person, kind, recorded_at);
