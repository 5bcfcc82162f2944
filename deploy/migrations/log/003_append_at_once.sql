-- Appending anew. `append` does at once what nearly always is possible: every command wins. Where one does not it writes nothing, and
-- `append_carefully` finds out who lost and why.
--
-- The lock is still the one row of `head`, but nobody changes it to append: a row changed by every append leaves a version behind each
-- time, and while a long snapshot stands (a backup's) those pile up and make every append dearer. The last position is the log's own.
-- Whoever waited for the lock reads the log and the clock in a statement of its own, begun once the lock is there.
alter table head drop column position;

-- How an append begins: takes the lock until the commit, and says after which position it writes, when that is by the real clock, and
-- whether stories are told, whose tenants have a time of their own. It is written out in `append` and `append_one`, which saves a call.
create function take_head(out first bigint, out recorded timestamptz, out told boolean)
language plpgsql set search_path = public, pg_temp as $$
begin
    select head.recorded_at, head.story into recorded, told from head for no key update;
    select log.position, greatest(recorded, clock_timestamp(), case when not told then log.recorded_at end) into first, recorded
    from log order by log.position desc limit 1;
    if not found then
        first := 0;
        recorded := greatest(recorded, clock_timestamp());
    end if;
end
$$;

-- Appends what a batch of commands decided, in one transaction: all of it, or it raises a unique_violation, or (`first` is null) writes
-- nothing because a story is told or `not_after`, the earliest of the commands', has passed.
--
-- Arrays are parallel. There is one element an entry in the first seven; a command's entries stand together, and `versions` follow the
-- version that it was decided upon. Keys and claims name their command by the place of its last entry, counted from 1; what a batch
-- has none of is null. The entries stand at first + 1, first + 2, … in their order, recorded at `recorded`.
--
-- No two commands of one batch may touch the same stream, claim or key.
drop function append;
create function append(
    tenants uuid[], streams uuid[], versions integer[], types text[], datas bytea[], metas text[], ats timestamptz[],
    not_after timestamptz,
    keyed integer[], callers text[], keys text[], fingerprints bytea[], statuses integer[], bodies bytea[],
    claimed integer[], kinds text[], claim_keys text[], claimants text[],
    released integer[], released_kinds text[], released_keys text[],
    out first bigint, out recorded timestamptz
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    told boolean;
    written bigint;
begin
    select head.recorded_at, head.story into recorded, told from head for no key update;
    select log.position, greatest(recorded, log.recorded_at, clock_timestamp()) into first, recorded
    from log order by log.position desc limit 1;
    if first is null then
        first := 0;
        recorded := greatest(recorded, clock_timestamp());
    end if;
    if told or recorded > not_after then
        first := null;
        return;
    end if;

    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    select first + e.n, e.tenant, e.stream, e.version, e.type, e.data, e.meta, e.at, recorded
    from unnest(tenants, streams, versions, types, datas, metas, ats)
        with ordinality as e(tenant, stream, version, type, data, meta, at, n)
    -- That the version is free, the primary key says; here, that it is the next: it follows what is there, or another of the batch.
    where e.version = 1
       or (streams[e.n - 1] = e.stream and tenants[e.n - 1] = e.tenant and versions[e.n - 1] = e.version - 1)
       or (select true from log where log.tenant = e.tenant and log.stream = e.stream and log.version = e.version - 1);
    get diagnostics written = row_count;
    if written <> cardinality(types) then
        raise unique_violation using message = 'a version is ahead of its stream';
    end if;

    if keyed is not null then
        insert into idempotency (tenant, caller, key, fingerprint, version, position, status, body, recorded_at)
        select tenants[k.ending], k.caller, k.key, k.fingerprint, versions[k.ending], first + k.ending, k.status, k.body, recorded
        from unnest(keyed, callers, keys, fingerprints, statuses, bodies) as k(ending, caller, key, fingerprint, status, body);
    end if;
    if released is not null then
        delete from claims using unnest(released, released_kinds, released_keys) as c(ending, kind, key)
        where claims.tenant = tenants[c.ending] and claims.kind = c.kind and claims.key = c.key and claims.stream = streams[c.ending];
    end if;
    if claimed is not null then
        insert into claims (tenant, kind, key, stream, by, recorded_at)
        select tenants[c.ending], c.kind, c.key, streams[c.ending], c.by, recorded
        from unnest(claimed, kinds, claim_keys, claimants) as c(ending, kind, key, by);
    end if;
end
$$;

-- Appends of a batch what wins, each command wholly or not at all.
--
-- There is one element a command in `tenants`, `streams`, `expected` (the version decided upon), `counts` (its entries) and
-- `not_afters` (null: no matter when). Entries, keys and claims name their command by its place, counted from 1; entries come in the
-- order of their commands.
--
-- `verdicts` has one element a command: 0 won, 1 key known, 2 version lost, 3 claim lost, 4 stale (recorded later than `not_after`).
-- The last entry of one that won stands at its element of `ends`, recorded at its element of `stamps`.
--
-- No two commands of one batch may touch the same stream, claim or key: the caller sees to it, and a violation of a constraint
-- raises, because then someone is wrong.
create function append_carefully(
    tenants uuid[], streams uuid[], expected integer[], counts integer[], not_afters timestamptz[],
    entry_commands integer[], versions integer[], types text[], datas bytea[], metas text[], ats timestamptz[],
    keyed integer[], callers text[], keys text[], fingerprints bytea[], statuses integer[], bodies bytea[],
    claimed integer[], kinds text[], claim_keys text[], claimants text[],
    released integer[], released_kinds text[], released_keys text[],
    out ends bigint[], out stamps timestamptz[], out verdicts integer[]
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first bigint;
    recorded timestamptz;
    told boolean;
    known integer[];
    beaten integer[];
begin
    select t.first, t.recorded, t.told into first, recorded, told from take_head() as t;
    select array_agg(case when told then stamp_of(c.tenant, recorded) else recorded end order by c.n) into stamps
    from unnest(tenants) with ordinality as c(tenant, n);

    known := array(
        select k.command from unnest(keyed, callers, keys) as k(command, caller, key)
        where exists (select from idempotency i where i.tenant = tenants[k.command] and i.caller = k.caller and i.key = k.key)
    );
    beaten := array(
        select c.command from unnest(claimed, kinds, claim_keys) as c(command, kind, key)
        where exists (
            select from claims
            where claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key and claims.stream <> streams[c.command]
        )
    );
    select array_agg(
        case
            when c.n = any (known) then 1
            when c.n = any (beaten) then 3
            when c.expected <> coalesce((
                select log.version from log where log.tenant = c.tenant and log.stream = c.stream order by log.version desc limit 1
            ), 0) then 2
            when c.not_after < stamps[c.n] then 4
            else 0
        end
        order by c.n
    ) into verdicts
    from unnest(tenants, streams, expected, not_afters) with ordinality as c(tenant, stream, expected, not_after, n);
    select array_agg(c.ending order by c.n) into ends
    from (
        select c.n, first + sum(case when verdicts[c.n] = 0 then c.count else 0 end) over (order by c.n) as ending
        from unnest(counts) with ordinality as c(count, n)
    ) as c;

    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    select first + row_number() over (order by e.n), tenants[e.command], streams[e.command], e.version, e.type, e.data, e.meta, e.at,
           stamps[e.command]
    from unnest(entry_commands, versions, types, datas, metas, ats)
        with ordinality as e(command, version, type, data, meta, at, n)
    where verdicts[e.command] = 0;

    insert into idempotency (tenant, caller, key, fingerprint, version, position, status, body, recorded_at)
    select tenants[k.command], k.caller, k.key, k.fingerprint, expected[k.command] + counts[k.command], ends[k.command],
           k.status, k.body, recorded
    from unnest(keyed, callers, keys, fingerprints, statuses, bodies) as k(command, caller, key, fingerprint, status, body)
    where verdicts[k.command] = 0;

    delete from claims using unnest(released, released_kinds, released_keys) as c(command, kind, key)
    where verdicts[c.command] = 0 and claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key
      and claims.stream = streams[c.command];

    -- What is held by a command that has not lost it, its own stream holds.
    insert into claims (tenant, kind, key, stream, by, recorded_at)
    select tenants[c.command], c.kind, c.key, streams[c.command], c.by, stamps[c.command]
    from unnest(claimed, kinds, claim_keys, claimants) as c(command, kind, key, by)
    where verdicts[c.command] = 0 and not exists (
        select from claims where claims.tenant = tenants[c.command] and claims.kind = c.kind and claims.key = c.key
    );
end
$$;

-- `append` for a command that is alone, with one entry and neither key nor claims: it saves a lone caller a tenth of the time.
drop function append_one;
create function append_one(
    tenant uuid, stream uuid, version integer, type text, data bytea, meta text, at timestamptz, not_after timestamptz,
    out first bigint, out recorded timestamptz
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    told boolean;
begin
    select head.recorded_at, head.story into recorded, told from head for no key update;
    select log.position, greatest(recorded, log.recorded_at, clock_timestamp()) into first, recorded
    from log order by log.position desc limit 1;
    if first is null then
        first := 0;
        recorded := greatest(recorded, clock_timestamp());
    end if;
    if told or recorded > not_after then
        first := null;
        return;
    end if;
    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    select first + 1, append_one.tenant, append_one.stream, append_one.version, append_one.type, append_one.data, append_one.meta,
           append_one.at, recorded
    where append_one.version = 1 or (
        select true from log
        where log.tenant = append_one.tenant and log.stream = append_one.stream and log.version = append_one.version - 1
    );
    if not found then
        raise unique_violation using message = 'a version is ahead of its stream';
    end if;
end
$$;

-- A tenant's last position recorded at or before an instant (0: none), and the tenant's now. It waits for whoever is
-- appending, so that nothing in flight can still be recorded at or before the instant, unless the two are equal. The head keeps
-- that time, so that a computer's clock that is set back cannot stamp an entry before it.
create or replace function last_position(of uuid, until timestamptz, out "position" bigint, out now timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select t.recorded into now from take_head() as t;
    update head set recorded_at = now;
    now := coalesce((select story_clock.now from story_clock where story_clock.tenant = of), now);
    "position" := coalesce((
        select log.position from log where log.tenant = of and log.recorded_at <= until order by log.recorded_at desc, log.position desc limit 1
    ), 0);
end
$$;

-- Drops at most `most` answers older than 45 days; says how many.
drop function drop_old_answers;
create function drop_old_answers(most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    dropped bigint;
begin
    delete from idempotency where (tenant, caller, key) in (
        select i.tenant, i.caller, i.key from idempotency i where i.recorded_at < clock_timestamp() - interval '45 days' limit most
    );
    get diagnostics dropped = row_count;
    return dropped;
end
$$;

revoke all on function take_head, append, append_carefully, append_one, drop_old_answers from public;
grant execute on function append, append_carefully, append_one, drop_old_answers to {role};
