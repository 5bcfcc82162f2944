-- The packs that have been activated, as this service has heard of them; store '' is the whole company.
create table activations (
    tenant   uuid        not null,
    store    text        not null,
    start    timestamptz not null,
    document bytea       not null,
    primary key (tenant, store, start)
);
grant select, insert, update, delete on activations to {role};
