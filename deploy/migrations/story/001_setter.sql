-- The one way to move a story's clock, and only forward. Applied where the case command plays, never in production.
create function set_story_clock(of uuid, "to" timestamptz) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    latest timestamptz;
begin
    -- Whoever is appending finishes first, so that no entry can be stamped with the time before.
    update head set story = true;
    select greatest(
        (select story_clock.now from story_clock where story_clock.tenant = of),
        (select log.recorded_at from log where log.tenant = of order by log.recorded_at desc limit 1)
    ) into latest;
    if "to" < latest then
        raise exception 'a story''s clock goes only forward: it cannot be set to %, before %', "to", latest;
    end if;
    insert into story_clock (tenant, now) values (of, "to") on conflict (tenant) do update set now = excluded.now;
end
$$;

revoke all on function set_story_clock from public;
grant execute on function set_story_clock to {role};
