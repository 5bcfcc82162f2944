-- Drops at most `most` answers older than 45 days; says how many. Of replicas that do so at once, each takes others.
create or replace function drop_old_answers(most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    dropped bigint;
begin
    delete from idempotency using (
        select i.ctid as place from idempotency i
        where i.recorded_at < clock_timestamp() - interval '45 days' limit most for update skip locked
    ) as old
    where idempotency.ctid = old.place;
    get diagnostics dropped = row_count;
    return dropped;
end
$$;
