-- How far this service has heard each source, and what it could not take in.

create table checkpoints (
    source   text   not null,               -- whose log: 'listing', also this service's own
    task     text   not null,               -- one source may be heard for several purposes, each at its own pace
    position bigint not null default 0 check (position >= 0),   -- everything up to here has had its effect, or is parked
    reacted  bigint not null default 0,     -- highest position ever taken in: a rebuild of views projects again but does not react again
    primary key (source, task)
);

-- An entry that failed, and behind it, held back, whatever its stream said since. Nothing is skipped silently:
-- rows leave this table only by being driven again.
create table parked (
    source    text        not null,
    task      text        not null,
    position  bigint      not null,
    tenant    uuid        not null,
    stream    uuid        not null,
    type      text        not null,
    reason    text        not null,         -- what went wrong, or 'held back'
    attempts  integer     not null,
    parked_at timestamptz not null default clock_timestamp(),
    entry     bytea       not null,         -- the whole entry in the feed's format, its bytes as they came
    primary key (source, task, position)
);
create index parked_stream on parked (source, task, tenant, stream, position);

grant select, insert, update on checkpoints to {role};
grant select, insert, update, delete on parked to {role};
