-- Which deals wait for an area manager to sign off a listing that was attached late (B-1-4-2).
alter table deals add column wants_sign_off boolean not null default false;
create index on deals (tenant, number) where wants_sign_off;

-- What was projected before is projected anew, with it.
delete from ledger;
delete from deals;
delete from parked where source = 'commission' and task = 'views';
update checkpoints set position = 0 where source = 'commission' and task = 'views';
