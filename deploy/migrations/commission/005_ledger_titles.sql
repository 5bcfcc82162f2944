-- What a company calls a role of its own, in the pack that the deal was split under; null: a role of the regulation's.
alter table ledger add column title_zh text, add column title_en text;

-- What was booked before is booked anew, with it.
delete from ledger;
delete from deals;
delete from parked where source = 'commission' and task = 'views';
update checkpoints set position = 0 where source = 'commission' and task = 'views';
