-- The log of a service: what happened, in one order, for ever. It is written by the functions of 002_append.sql only,
-- which run as the owner of these tables; the service itself may read.

-- Whoever appends holds the lock on this one row until the commit: that makes positions gapless and in commit order,
-- and lets versions, claims and keys be checked without a race. The lock is taken by changing the row, never by `for update`:
-- whoever waited then computes anew what it wrote down, and so reads the clock only once it has the lock.
create table head (
    only_row boolean primary key default true check (only_row),
    position bigint not null default 0,
    recorded_at timestamptz not null default '-infinity',  -- by the real clock
    story boolean not null default false                   -- whether story_clock has a row
);
insert into head default values;

create table log (
    position bigint not null unique,  -- 1, 2, 3 … over all tenants, in commit order
    tenant uuid not null,
    stream uuid not null,
    version integer not null,         -- 1, 2, 3 … in the stream
    type text not null,               -- our own names, 'listing.FollowedUp', never a module path
    data bytea not null,              -- the exact bytes, never serialised again
    meta text not null,               -- who, what caused it, which request, what the writer had heard
    at timestamptz not null,          -- when it happened, as declared
    recorded_at timestamptz not null, -- when it was recorded; never goes back within a tenant
    primary key (tenant, stream, version)  -- the tenant first: a foreign tenant's id collides with nothing
);
create index log_by_time on log (tenant, recorded_at, position);

-- What must be unique across streams. Can be rebuilt from the log.
create table claims (
    tenant uuid not null,
    kind text not null,
    key text not null,
    stream uuid not null,
    by text not null,
    recorded_at timestamptz not null,
    primary key (tenant, kind, key)
);

-- The answers to commands that carried an Idempotency-Key, kept 45 days. They hold nothing personal.
create table idempotency (
    tenant uuid not null,
    caller text not null,
    key text not null,
    fingerprint bytea not null,
    version integer not null,
    position bigint not null,
    status integer not null,
    body bytea not null,
    recorded_at timestamptz not null,  -- by the real clock
    primary key (tenant, caller, key)
);

-- A story has a clock of its own. Empty wherever no story is played; only the folder `story` brings a way to fill it.
create table story_clock (
    tenant uuid primary key,
    now timestamptz not null
);

create function now_of(of uuid) returns timestamptz language sql volatile as $$
    select coalesce((select story_clock.now from story_clock where story_clock.tenant = of), clock_timestamp())
$$;

revoke all on head, log, claims, idempotency, story_clock from public;
grant select on head, log, claims, idempotency, story_clock to {role};
grant execute on function now_of(uuid) to {role};
