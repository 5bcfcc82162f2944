-- The contact vault: encrypted cards behind a role of its own. `digest` finds an equal number within one company.
create schema vault;
create table vault.contacts (
    tenant  uuid  not null,
    digest  bytea not null,
    contact uuid  not null,
    key     bytea not null,
    card    bytea not null,
    primary key (tenant, digest)
);
create unique index on vault.contacts (tenant, contact);
grant usage on schema vault to {vault};
grant select, insert, update, delete on vault.contacts to {vault};
