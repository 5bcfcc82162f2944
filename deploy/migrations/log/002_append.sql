-- Appends what a batch of commands decided, in one transaction, each command wholly or not at all.
--
-- Arrays are parallel. There is one element a command in `tenants`, `streams`, `expected` (the version decided upon) and
-- `not_afters` (null: no matter when). Entries, keys and claims name their command by its place, counted from 1; entries come in the
-- order of their commands. `keyed` and `claimed` are null when no command has a key or a claim.
--
-- `verdicts` is null when every command won, else one a command: 0 done, 1 key known, 2 version lost, 3 claim lost,
-- 4 stale (recorded later than `not_after`). The entries of those that won stand at first + 1, first + 2, … in their order.
-- `stamps` (one a command) is null, and `recorded` is everyone's, unless a story's clock runs in this database.
--
-- No two commands of one batch may touch the same stream, claim or key: the caller sees to it, and a violation of a
-- constraint raises, because then someone is wrong.
create function append(
    tenants uuid[], streams uuid[], expected integer[], not_afters timestamptz[],
    entry_commands integer[], versions integer[], types text[], datas bytea[], metas text[], ats timestamptz[],
    keyed integer[], callers text[], keys text[], fingerprints bytea[], key_versions integer[], statuses integer[], bodies bytea[],
    claimed integer[], kinds text[], claim_keys text[], releases boolean[], claimants text[],
    out first bigint, out recorded timestamptz, out stamps timestamptz[], out verdicts smallint[]
) language plpgsql security definer
  set search_path = public, pg_temp
  -- The same few plans every time, by index whatever the tables hold: planning with the arrays at hand would cost more than the work.
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
declare
    loser record;
    won bigint;
begin
    select head.position, head.recorded_at into first, recorded from head for update;
    -- The clock is read only now, under the lock: whoever held it before has an earlier stamp.
    recorded := greatest(recorded, clock_timestamp());
    if exists (select from story_clock) then
        select array_agg(coalesce((select s.now from story_clock s where s.tenant = c.tenant), recorded) order by c.n) into stamps
        from unnest(tenants) with ordinality as c(tenant, n);
    end if;

    for loser in
        select c.n, case when c.expected <> c.actual then 2 else 4 end as verdict
        from (
            select given.*, coalesce((
                select log.version from log where log.tenant = given.tenant and log.stream = given.stream order by log.version desc limit 1
            ), 0) as actual
            from unnest(tenants, streams, expected, not_afters) with ordinality as given(tenant, stream, expected, not_after, n)
        ) c
        where c.expected <> c.actual or c.not_after < coalesce(stamps[c.n], recorded)
    loop
        verdicts := coalesce(verdicts, array_fill(0::smallint, array[cardinality(tenants)]));
        verdicts[loser.n] := loser.verdict;
    end loop;

    if claimed is not null then
        for loser in
            select c.command
            from unnest(claimed, kinds, claim_keys, releases) as c(command, kind, key, release)
            where not c.release and exists (
                select from claims
                where claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key and claims.stream <> streams[c.command]
            )
        loop
            verdicts := coalesce(verdicts, array_fill(0::smallint, array[cardinality(tenants)]));
            verdicts[loser.command] := 3;
        end loop;
    end if;

    -- Last, because a known key has its answer already, whatever else may have changed since.
    if keyed is not null then
        for loser in
            select k.command
            from unnest(keyed, callers, keys) as k(command, caller, key)
            where exists (
                select from idempotency i where i.tenant = tenants[k.command] and i.caller = k.caller and i.key = k.key
            )
        loop
            verdicts := coalesce(verdicts, array_fill(0::smallint, array[cardinality(tenants)]));
            verdicts[loser.command] := 1;
        end loop;
    end if;

    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    select first + row_number() over (order by e.n), tenants[e.command], streams[e.command], e.version, e.type, e.data, e.meta, e.at,
           coalesce(stamps[e.command], recorded)
    from unnest(entry_commands, versions, types, datas, metas, ats) with ordinality as e(command, version, type, data, meta, at, n)
    where verdicts is null or verdicts[e.command] = 0;
    get diagnostics won = row_count;

    if keyed is not null then
        insert into idempotency (tenant, caller, key, fingerprint, stream, version, position, status, body, recorded_at)
        select tenants[k.command], k.caller, k.key, k.fingerprint, streams[k.command], k.version, first + won, k.status, k.body, recorded
        from unnest(keyed, callers, keys, fingerprints, key_versions, statuses, bodies)
            as k(command, caller, key, fingerprint, version, status, body)
        where verdicts is null or verdicts[k.command] = 0;
    end if;

    if claimed is not null then
        delete from claims
        using unnest(claimed, kinds, claim_keys, releases) as c(command, kind, key, release)
        where c.release and (verdicts is null or verdicts[c.command] = 0)
          and claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key and claims.stream = streams[c.command];

        insert into claims (tenant, kind, key, stream, by, recorded_at)
        select tenants[c.command], c.kind, c.key, streams[c.command], c.by, coalesce(stamps[c.command], recorded)
        from unnest(claimed, kinds, claim_keys, releases, claimants) as c(command, kind, key, release, by)
        where not c.release and (verdicts is null or verdicts[c.command] = 0)
        on conflict (tenant, kind, key) do nothing;  -- held already by the same stream, as was checked above
    end if;

    if won > 0 then
        update head set position = first + won, recorded_at = recorded;
    end if;
end
$$;

-- A tenant's last position recorded at or before an instant (0: none), and the tenant's now. It waits for whoever is appending, so that nothing
-- in flight can still be recorded at or before the instant, unless the two instants are equal.
create function last_position(of uuid, until timestamptz, out "position" bigint, out now timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from head for update;
    now := now_of(of);
    select coalesce((
        select log.position from log where log.tenant = of and log.recorded_at <= until order by log.recorded_at desc, log.position desc limit 1
    ), 0) into "position";
end
$$;

-- Drops answers older than 45 days; says how many.
create function drop_old_answers() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    dropped bigint;
begin
    delete from idempotency where idempotency.recorded_at < clock_timestamp() - interval '45 days';
    get diagnostics dropped = row_count;
    return dropped;
end
$$;

revoke all on function append, last_position, drop_old_answers from public;
grant execute on function append, last_position, drop_old_answers to {role};
