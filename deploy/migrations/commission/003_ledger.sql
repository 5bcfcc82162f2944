-- The ledger: every booking of every deal, for statements. Rows are only ever added; all of it may be dropped and rebuilt from the log.
create table ledger (
    tenant           uuid        not null,
    stream           uuid        not null,  -- the deal
    version          integer     not null,  -- of the entry that booked it
    number           integer     not null,  -- among that entry's bookings, from 1
    position         bigint      not null,
    recorded_at      timestamptz not null,
    kind             text        not null,
    role             text        not null,
    beneficiary      text        not null,  -- a person, a team's account, the company
    points           text,
    amount_fen       numeric     not null,  -- taking back the least of all bigints is no bigint
    credit           text        not null,  -- the store
    clauses          text[]      not null,
    reverses_version integer,               -- the booking of this deal that it takes back
    reverses_number  integer,
    primary key (tenant, stream, version, number)
);
create index on ledger (tenant, beneficiary, recorded_at, position, number);
create index on ledger (tenant, credit, recorded_at, position, number);
create index on ledger (tenant, recorded_at, position, number);
grant select, insert, update, delete on ledger to {role};

-- What was booked before this table was there is booked in it by hearing one's own log once more, into empty views.
delete from deals;
delete from parked where source = 'commission' and task = 'views';
update checkpoints set position = 0 where source = 'commission' and task = 'views';
