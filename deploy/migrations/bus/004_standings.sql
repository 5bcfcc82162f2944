-- Where this service stands, said once for everybody and for many stories: as `standing`, under one lock of the head.
--
-- `stories` says whether a story's clock may run here at all. `tenants` and `instants` are parallel: those of `of` that have such a clock,
-- and where it stands. Nobody moves a clock meanwhile, so what holds for `instant` holds for each of them by its own.
create function standings(
    of uuid[], out heard text, out "position" bigint, out instant timestamptz, out stories boolean,
    out tenants uuid[], out instants timestamptz[]
)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select coalesce(json_object_agg(source, least), '{}')::text into heard
    from (select source, min(checkpoints.position) as least from checkpoints group by source) as heard_of;
    select t.first, t.recorded, t.told into "position", instant, stories from take_head() as t;
    update head set recorded_at = instant;
    if stories then
        select array_agg(story_clock.tenant), array_agg(story_clock.now) into tenants, instants
        from story_clock where story_clock.tenant = any (of);
    end if;
end
$$;

revoke all on function standings from public;
grant execute on function standings to {role};
