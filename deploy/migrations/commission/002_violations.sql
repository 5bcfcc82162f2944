-- A violation's proposer where a person found it, what its clause proposes besides, and where it stands since it was answered.
alter table violations
    add column proposed_by   text,
    add column forfeits_pay  boolean not null default false,
    add column answered_at   timestamptz;
create unique index on violations (tenant, id);
create index on violations (tenant, recorded_at, id);
create index on violations (tenant, person, recorded_at, id);
