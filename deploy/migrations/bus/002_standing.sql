-- Where this service stands, for whoever has to know that nothing earlier is still to come: up to `position` its log holds everything
-- recorded before `instant` (at the very instant more may come), and everything it did because of what it had heard.
--
-- What was heard is read before the position, so that it is never too new: an effect is in the log before its cause is ticked off.
-- The head's time is put forward to the instant, so that a computer's clock that is set back cannot stamp an entry before it.
-- `of`: a tenant with a story's clock stands by that clock; null, or any other tenant, by the real one.
create function standing(of uuid, out heard text, out "position" bigint, out instant timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select coalesce(json_object_agg(source, least), '{}')::text into heard
    from (select source, min(checkpoints.position) as least from checkpoints group by source) as heard_of;
    update head set recorded_at = greatest(head.recorded_at, clock_timestamp()) returning head.position, head.recorded_at into "position", instant;
    select coalesce((select story_clock.now from story_clock where story_clock.tenant = of), instant) into instant;
end
$$;

revoke all on function standing from public;
grant execute on function standing to {role};
