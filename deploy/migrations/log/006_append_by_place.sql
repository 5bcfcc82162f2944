-- Appending with less for the server to do: elements of arrays are taken by their place, not unnested one array beside the other, and
-- what a version follows is looked up only for those that the writer is not sure of.

-- Appends what a batch of commands decided, in one transaction: all of it, or it raises a unique_violation, or (`first` is null) writes
-- nothing because a story is told or `not_after`, the earliest of the commands', has passed.
--
-- Arrays are parallel. There is one element an entry in the first seven; a command's entries stand together, and `versions` follow the
-- version that it was decided upon. `unsure` has the places of those whose version may be ahead of their stream: what it follows must
-- be there. Keys and claims name their command by the place of its last entry. Places are counted from 1; what a batch has none of is
-- null. The entries stand at first + 1, first + 2, … in their order, recorded at `recorded`.
--
-- No two commands of one batch may touch the same stream, claim or key.
drop function append;
create function append(
    tenants uuid[], streams uuid[], versions integer[], types text[], datas bytea[], metas text[], ats timestamptz[],
    unsure integer[], not_after timestamptz,
    keyed integer[], callers text[], keys text[], fingerprints bytea[], statuses integer[], bodies bytea[],
    claimed integer[], kinds text[], claim_keys text[], claimants text[],
    released integer[], released_kinds text[], released_keys text[],
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

    if unsure is not null then
        perform from unnest(unsure) as n where not exists (
            select from log where log.tenant = tenants[n] and log.stream = streams[n] and log.version = versions[n] - 1
        );
        if found then
            raise unique_violation using message = 'a version is ahead of its stream';
        end if;
    end if;
    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    select first + n, tenants[n], streams[n], versions[n], types[n], datas[n], metas[n], ats[n], recorded
    from generate_series(1, cardinality(types)) as n;

    if keyed is not null then
        insert into idempotency (tenant, caller, key, fingerprint, version, position, status, body, recorded_at)
        select tenants[keyed[n]], callers[n], keys[n], fingerprints[n], versions[keyed[n]], first + keyed[n], statuses[n], bodies[n], recorded
        from generate_series(1, cardinality(keyed)) as n;
    end if;
    if released is not null then
        delete from claims using unnest(released, released_kinds, released_keys) as c(ending, kind, key)
        where claims.tenant = tenants[c.ending] and claims.kind = c.kind and claims.key = c.key and claims.stream = streams[c.ending];
    end if;
    if claimed is not null then
        insert into claims (tenant, kind, key, stream, by, recorded_at)
        select tenants[claimed[n]], kinds[n], claim_keys[n], streams[claimed[n]], claimants[n], recorded
        from generate_series(1, cardinality(claimed)) as n;
    end if;
end
$$;

-- `append` for a command that is alone, with one entry and neither key nor claims: it saves a lone caller a tenth of the time.
drop function append_one;
create function append_one(
    tenant uuid, stream uuid, version integer, type text, data bytea, meta text, at timestamptz, unsure boolean, not_after timestamptz,
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
    if unsure and not exists (
        select from log
        where log.tenant = append_one.tenant and log.stream = append_one.stream and log.version = append_one.version - 1
    ) then
        raise unique_violation using message = 'a version is ahead of its stream';
    end if;
    insert into log (position, tenant, stream, version, type, data, meta, at, recorded_at)
    values (
        first + 1, append_one.tenant, append_one.stream, append_one.version, append_one.type, append_one.data, append_one.meta,
        append_one.at, recorded
    );
end
$$;

revoke all on function append, append_one from public;
grant execute on function append, append_one to {role};
