-- Where this service stands, as before: but the last position is the log's own, since appending no longer changes the head
-- (log/003_append_at_once.sql). The head keeps the instant that was named, so that a computer's clock that is set back cannot stamp
-- an entry before it.
create or replace function standing(of uuid, out heard text, out "position" bigint, out instant timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select coalesce(json_object_agg(source, least), '{}')::text into heard
    from (select source, min(checkpoints.position) as least from checkpoints group by source) as heard_of;
    select t.first, t.recorded into "position", instant from take_head() as t;
    update head set recorded_at = instant;
    select coalesce((select story_clock.now from story_clock where story_clock.tenant = of), instant) into instant;
end
$$;
