-- Clients who were given up (K-4), for whoever reassigns them or takes them up again.
alter table clients add column given_up boolean not null default false;
update clients set given_up = coalesce(convert_from(state, 'UTF8')::jsonb #>> '{file,closed}' = 'given_up', false);
create index on clients (tenant, number) where given_up;
