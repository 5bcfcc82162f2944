-- Everyone's history as it was heard, byte for byte; what a deal is judged on.
create table journal (
    source      text        not null,
    position    bigint      not null,
    tenant      uuid        not null,
    stream      uuid        not null,
    version     integer     not null,
    type        text        not null,
    data        bytea       not null,
    meta        bytea       not null,
    at          timestamptz not null,
    recorded_at timestamptz not null,
    primary key (source, position)
);
create index on journal (tenant, stream, version);
create index on journal (tenant, source, recorded_at, position);
grant select, insert on journal to {role};

-- Which entries name a team, a manager of a store or area, or a first record: where a split finds a team's store, who answers for
-- a store, and a person's duplicates.
create table named (
    tenant   uuid   not null,
    kind     text   not null,
    key      text   not null,
    source   text   not null,
    position bigint not null,
    primary key (tenant, kind, key, source, position)
);
grant select, insert, update, delete on named to {role};

-- Deals as they are, for lists and for what waits for evidence.
create table deals (
    tenant   uuid    not null,
    stream   uuid    not null,
    number   bigint  not null,
    version  integer not null,
    state    bytea   not null,
    standing text    not null,
    store    text,
    listing  text,
    client   text    not null,
    people   text[]  not null,
    primary key (tenant, stream)
);
create index on deals (tenant, number);
create index on deals (tenant) where standing in ('awaiting_evidence', 'outdated');
create index on deals using gin (people);
grant select, insert, update, delete on deals to {role};

-- Violations as proposed by everyone.
create table violations (
    tenant      uuid        not null,
    source      text        not null,
    position    bigint      not null,
    ordinal     integer     not null,
    id          text        not null,
    clause      text        not null,
    kind        text        not null,
    person      text        not null,
    fine_fen    bigint,
    dismissal   boolean     not null,
    state       text        not null,
    evidence    text        not null,
    recorded_at timestamptz not null,
    primary key (tenant, source, position, ordinal)
);
grant select, insert, update, delete on violations to {role};

-- Who showed which listing to whom (the first record of the client), for A-2.4.
create table viewings (
    tenant      uuid        not null,
    listing     text        not null,
    client      text        not null,
    by          text        not null,
    position    bigint      not null,
    recorded_at timestamptz not null,
    primary key (tenant, listing, client, position)
);
grant select, insert, update, delete on viewings to {role};

-- Which deal a dispute is about.
create table disputes (
    tenant  uuid not null,
    dispute uuid not null,
    deal    uuid not null,
    primary key (tenant, dispute)
);
grant select, insert, update, delete on disputes to {role};

-- The course of every listing and client as it runs: what of one's own ends when, and by which clause.
create table courses (
    tenant   uuid        not null,
    stream   uuid        not null,
    id       text        not null,
    recorder text        not null,
    holder   text        not null,
    until    timestamptz,
    clause   text,
    after    text,
    concealed_by    text,
    concealed_until timestamptz,
    primary key (tenant, stream)
);
create index on courses (tenant, holder, until) where until is not null;
create index on courses (tenant, concealed_by, concealed_until) where concealed_by is not null;
grant select, insert, update, delete on courses to {role};
