-- Files in evidence, each under the SHA-256 that its entry in the log names. No view: it cannot be rebuilt, and is never changed.
create table exhibits (
    tenant     uuid        not null,
    sha256     text        not null,
    media_type text        not null,
    content    bytea       not null,
    kept_at    timestamptz not null default clock_timestamp(),
    primary key (tenant, sha256)
);
alter table exhibits alter column content set storage external;
grant select, insert on exhibits to {role};
