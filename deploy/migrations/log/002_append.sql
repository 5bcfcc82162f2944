-- When something is recorded that a tenant does now, where stories are told: by its story's clock, or if it has none by the
-- real one, but not before what it did in a story that is over.
create function stamp_of(of uuid, by_clock timestamptz) returns timestamptz language sql volatile set search_path = public, pg_temp as $$
    select coalesce(
        (select story_clock.now from story_clock where story_clock.tenant = of),
        greatest(by_clock, (select log.recorded_at from log where log.tenant = of order by log.recorded_at desc limit 1))
    )
$$;

-- Appends what a batch of commands decided, in one transaction, each command wholly or not at all.
--
-- Arrays are parallel. There is one element a command in `tenants`, `streams`, `expected` (the version decided upon) and
-- `not_afters` (null: no matter when). Entries, keys and claims name their command by its place, counted from 1; entries
-- come in the order of their commands. `keyed` and `claimed` are null when no command has a key or a claim; `key_ends` counts
-- the batch's entries up to the command's last.
--
-- `losers` is null when every command won, else the places of those that did not, and `verdicts` says why: 1 key known,
-- 2 version lost, 3 claim lost, 4 stale (recorded later than `not_after`); of two verdicts on a command the last one counts.
-- The entries of those that won stand at first + 1, first + 2, … in their order, recorded at `recorded`, or by command at
-- `stamps` where a story's clock runs.
--
-- No two commands of one batch may touch the same stream, claim or key: the caller sees to it, and a violation of a
-- constraint raises, because then someone is wrong.
create function append(
    tenants uuid[], streams uuid[], expected integer[], not_afters timestamptz[],
    entry_commands integer[], versions integer[], types text[], datas bytea[], metas text[], ats timestamptz[],
    keyed integer[], callers text[], keys text[], fingerprints bytea[], key_versions integer[], key_ends integer[],
    statuses integer[], bodies bytea[],
    claimed integer[], kinds text[], claim_keys text[], releases boolean[], claimants text[],
    out first bigint, out recorded timestamptz, out stamps timestamptz[], out losers integer[], out verdicts integer[]
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    told boolean;
    beaten integer[];
    won bigint;
    careful boolean;
begin
    update head set position = position + cardinality(types), recorded_at = greatest(recorded_at, clock_timestamp())
    returning position - cardinality(types), recorded_at, story into first, recorded, told;
    if told then
        select array_agg(stamp_of(c.tenant, recorded) order by c.n) into stamps from unnest(tenants) with ordinality as c(tenant, n);
    end if;

    select array_agg(c.n), array_agg(case when c.expected <> c.actual then 2 else 4 end) into losers, verdicts
    from (
        select given.n, given.expected, given.not_after, coalesce((
            select log.version from log where log.tenant = given.tenant and log.stream = given.stream order by log.version desc limit 1
        ), 0) as actual
        from unnest(tenants, streams, expected, not_afters) with ordinality as given(tenant, stream, expected, not_after, n)
        offset 0  -- or the version would be looked up once for each time it is named
    ) c
    where c.expected <> c.actual or c.not_after < coalesce(stamps[c.n], recorded);

    -- Nearly always nobody has the claims and keys, so they are looked for only once writing them has failed.
    foreach careful in array array[false, true] loop
        if careful and claimed is not null then
            select array_agg(distinct c.command) into beaten
            from unnest(claimed, kinds, claim_keys, releases) as c(command, kind, key, release)
            where not c.release and exists (
                select from claims
                where claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key and claims.stream <> streams[c.command]
            );
            losers := losers || beaten;
            verdicts := verdicts || array_fill(3, array[coalesce(cardinality(beaten), 0)]);
        end if;
        if careful and keyed is not null then
            select array_agg(k.command) into beaten
            from unnest(keyed, callers, keys) as k(command, caller, key)
            where exists (
                select from idempotency i where i.tenant = tenants[k.command] and i.caller = k.caller and i.key = k.key
            );
            losers := losers || beaten;
            verdicts := verdicts || array_fill(1, array[coalesce(cardinality(beaten), 0)]);
        end if;

        begin
            if losers is null then
                won := cardinality(types);
                insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
                select first + e.n, tenants[e.command], streams[e.command], e.version, e.type, e.data, e.meta, e.at,
                       coalesce(stamps[e.command], recorded)
                from unnest(entry_commands, versions, types, datas, metas, ats)
                    with ordinality as e(command, version, type, data, meta, at, n);
            else
                insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
                select first + row_number() over (order by e.n), tenants[e.command], streams[e.command], e.version, e.type, e.data, e.meta,
                       e.at, coalesce(stamps[e.command], recorded)
                from unnest(entry_commands, versions, types, datas, metas, ats)
                    with ordinality as e(command, version, type, data, meta, at, n)
                where not e.command = any (losers);
                get diagnostics won = row_count;
                update head set position = first + won;
            end if;

            if keyed is not null then
                insert into idempotency (tenant, caller, key, fingerprint, version, position, status, body, recorded_at)
                select tenants[k.command], k.caller, k.key, k.fingerprint, k.version,
                       first + case when losers is null then k.ending else (
                           select count(*) from unnest(entry_commands) as e(command) where e.command <= k.command and not e.command = any (losers)
                       ) end,
                       k.status, k.body, recorded
                from unnest(keyed, callers, keys, fingerprints, key_versions, key_ends, statuses, bodies)
                    as k(command, caller, key, fingerprint, version, ending, status, body)
                where losers is null or not k.command = any (losers);
            end if;

            if claimed is not null then
                if true = any (releases) then
                    delete from claims
                    using unnest(claimed, kinds, claim_keys, releases) as c(command, kind, key, release)
                    where c.release and (losers is null or not c.command = any (losers)) and claims.tenant = tenants[c.command]
                      and claims.kind = c.kind and claims.key = c.key and claims.stream = streams[c.command];
                end if;
                insert into claims (tenant, kind, key, stream, by, recorded_at)
                select tenants[c.command], c.kind, c.key, streams[c.command], c.by, coalesce(stamps[c.command], recorded)
                from unnest(claimed, kinds, claim_keys, releases, claimants) as c(command, kind, key, release, by)
                where not c.release and (losers is null or not c.command = any (losers))
                  -- What is held by a command that has not lost it, its own stream holds.
                  and (not careful or (
                      select true from claims where claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key
                  ) is null);
            end if;
            return;
        exception when unique_violation then
            if careful then
                raise;
            end if;
        end;
    end loop;
end
$$;

-- The same for a command that is alone, with one entry and neither key nor claims: it saves a lone caller a fifth of the time.
-- `verdict` is null when it won.
create function append_one(
    tenant uuid, stream uuid, expected integer, not_after timestamptz, type text, data bytea, meta text, at timestamptz,
    out "position" bigint, out recorded timestamptz, out verdict integer
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    told boolean;
begin
    update head set position = head.position + 1, recorded_at = greatest(recorded_at, clock_timestamp())
    returning head.position, recorded_at, story into "position", recorded, told;
    if told then
        recorded := stamp_of(tenant, recorded);
    end if;
    if not_after < recorded then
        verdict := 4;
    else
        insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
        select append_one.position, append_one.tenant, append_one.stream, expected + 1, append_one.type, append_one.data, append_one.meta,
               append_one.at, recorded
        where expected = coalesce((
            select log.version from log where log.tenant = append_one.tenant and log.stream = append_one.stream order by log.version desc limit 1
        ), 0);
        verdict := case when not found then 2 end;
    end if;
    if verdict is not null then
        update head set position = head.position - 1;
    end if;
end
$$;

-- A tenant's last position recorded at or before an instant (0: none), and the tenant's now. It waits for whoever is
-- appending, so that nothing in flight can still be recorded at or before the instant, unless the two are equal.
create function last_position(of uuid, until timestamptz, out "position" bigint, out now timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update head set recorded_at = greatest(recorded_at, clock_timestamp()) returning recorded_at into now;
    now := coalesce((select story_clock.now from story_clock where story_clock.tenant = of), now);
    "position" := coalesce((
        select log.position from log where log.tenant = of and log.recorded_at <= until order by log.recorded_at desc, log.position desc limit 1
    ), 0);
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

revoke all on function stamp_of, append, append_one, last_position, drop_old_answers from public;
grant execute on function append, append_one, last_position, drop_old_answers to {role};
