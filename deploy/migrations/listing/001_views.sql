-- Listings as they are: the folded state with the columns that lists and deadlines ask for. May be dropped and rebuilt.
create table listings (
    tenant   uuid        not null,
    stream   uuid        not null,
    number   bigint      not null,
    version  integer     not null,
    kind     text        not null,
    recorder text        not null,
    correct  boolean     not null,
    status   text        not null,
    concealed_by    text,
    concealed_until timestamptz,
    holder       text        not null,
    until        timestamptz,
    next_holder  text,
    next_until   timestamptz,
    last_holder  text,
    turns_at     timestamptz,
    state        bytea       not null,
    primary key (tenant, stream)
);
create unique index on listings (number);
create index on listings (turns_at) where turns_at is not null;
create index on listings (tenant, holder, number);
create index on listings (tenant, next_holder, number) where next_holder is not null;
create index on listings (tenant, recorder, number);
grant select, insert, update, delete on listings to {role};

-- Follow-ups on a team's own listings, by what they say: what canned texts are looked for among (A-2.15).
create table team_follow_ups (
    tenant uuid        not null,
    team   text        not null,
    at     timestamptz not null,
    stream uuid        not null,
    version integer    not null,
    text   text        not null,
    primary key (tenant, team, at, stream, version)
);
grant select, insert, update, delete on team_follow_ups to {role};
