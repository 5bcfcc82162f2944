-- The companies there are.
create table companies (
    tenant uuid   not null primary key,
    number bigint not null,
    name   text   not null
);
grant select, insert, update, delete on companies to {role};
