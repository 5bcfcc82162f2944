-- What a deal's client pays, and what is customary, for watching that no fee goes below what the client's grade allows (G-3).
create table fees (
    tenant        uuid        not null,
    deal          uuid        not null,
    number        bigint      not null,
    record        uuid        not null,
    client        uuid        not null,
    closers       text[]      not null,
    store         text,
    kind          text        not null,
    price_fen     bigint,
    agency_fen    bigint      not null,
    customary_fen bigint,
    counts_days   text        not null,
    closed_at     timestamptz not null,
    primary key (tenant, deal)
);
create index on fees (tenant, number);
grant select, insert, update, delete on fees to {role};
-- The fees of deals that were heard before are taken from their log anew.
update checkpoints set position = 0 where source = 'commission';
