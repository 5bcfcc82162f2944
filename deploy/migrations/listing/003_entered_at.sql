-- When a listing was entered: what somebody entered within some days is looked at for suspects (A-2.14).
alter table listings add column entered_at timestamptz;
update listings set entered_at = (convert_from(state, 'UTF8')::jsonb ->> 'entered_at')::timestamptz;
create index on listings (tenant, recorder, entered_at);
