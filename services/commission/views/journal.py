"""The journal of everyone's entries, byte for byte, and what finds in it the evidence of a deal."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

from services.authz import events as authz
from services.client import events as client
from services.commission import history
from services.listing import events as listing
from shared.entry import Codec, Entry, Meta, UnknownType, prefix_of, uuid_of
from shared.identity import Connection, Post

CODECS: dict[str, Codec] = {"listing": listing.CODEC, "client": client.CODEC, "authz": authz.CODEC}
_META = msgspec.json.Decoder(Meta).decode


async def keep(connection: Connection, entry: Entry) -> None:
    """Journals an entry, its bytes as they came."""
    await keep_all(connection, [entry])


async def keep_all(connection: Connection, entries: Sequence[Entry]) -> None:
    """Journals entries in one statement. An entry that is there already stays as it is."""
    rows = [
        (e.service, e.position, e.tenant, e.stream, e.version, e.type, e.data, msgspec.json.encode(e.meta), e.at, e.recorded_at)
        for e in entries
    ]
    if not rows:
        return
    await connection.execute(
        "insert into journal (source, position, tenant, stream, version, type, data, meta, at, recorded_at) select * from unnest("
        "$1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::bytea[], $8::bytea[], $9::timestamptz[],"
        " $10::timestamptz[]) on conflict do nothing",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def keep_names(connection: Connection, entry: Entry, post: Post) -> None:
    named = [("team", post.team)]
    if post.role == "store_manager":
        named.append(("store_manager", post.store))
    if post.role == "area_manager":
        named.append(("area_manager", post.area or ""))
    for kind, key in named:
        if key is not None:
            await keep_name(connection, entry, kind, key)


async def keep_name(connection: Connection, entry: Entry, kind: str, key: str) -> None:
    await connection.execute(
        "insert into named (tenant, kind, key, source, position) values ($1, $2, $3, $4, $5) on conflict do nothing",
        entry.tenant, kind, key, entry.service, entry.position,
    )  # fmt: skip


async def keep_viewing(connection: Connection, entry: Entry, viewed: client.Viewed) -> None:
    await connection.execute(
        "insert into viewings (tenant, listing, client, by, position, recorded_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        entry.tenant, viewed.listing, viewed.client, viewed.by, entry.position, entry.recorded_at,
    )  # fmt: skip


async def shown_by(connection: Connection, tenant: UUID, listing_id: str, first_client: str) -> frozenset[str]:
    """Who has shown this listing to this person, on whatever record of theirs."""
    rows = await connection.fetch(
        "select by from viewings where tenant = $1 and listing = $2 and client = $3", tenant, listing_id, first_client
    )
    return frozenset(row["by"] for row in rows)


async def positions(connection: Connection, tenant: UUID, sources: Sequence[str], at: datetime) -> dict[str, int]:
    """Of each source the tenant's last position recorded at or before an instant; sources without one are left out."""
    rows = await connection.fetch(
        "select source, position from unnest($2::text[]) as source, lateral ("
        "select position from journal where journal.tenant = $1 and journal.source = source.source and recorded_at <= $3"
        " order by recorded_at desc, position desc limit 1) as last",
        tenant, sources, at,
    )  # fmt: skip
    return {row["source"]: row["position"] for row in rows}


# Evidence: what a deal is judged on

_ROWS = "select source, position, tenant, stream, version, type, data, meta, at, recorded_at from journal"


async def stream(connection: Connection, tenant: UUID, id: str) -> list[Entry]:
    """The journalled entries of one stream, in order; empty if none was heard."""
    return entries_of(await connection.fetch(f"{_ROWS} where tenant = $1 and stream = $2 order by version", tenant, uuid_of(id)))


async def rows(connection: Connection, tenant: UUID, streams: Collection[UUID]) -> dict[UUID, list[Any]]:
    """The journalled entries of many streams as they are kept, each in order; without those of which none was heard."""
    if not streams:
        return {}
    found = await connection.fetch(f"{_ROWS} where tenant = $1 and stream = any($2) order by stream, version", tenant, list(streams))
    return {stream: list(its) for stream, its in groupby(found, key=itemgetter("stream"))}


async def records(connection: Connection, tenant: UUID, firsts: Collection[str]) -> dict[str, list[UUID]]:
    """The streams of every record of these persons, by their first record (A-2.5): the first itself, and its duplicates."""
    rows = await connection.fetch(
        "select named.key, journal.stream from named join journal using (tenant, source, position)"
        " where named.tenant = $1 and named.kind = 'record' and named.key = any($2) order by position",
        tenant, list(firsts),
    )  # fmt: skip
    found = {first: [uuid_of(first)] for first in firsts}
    for row in rows:
        found[row["key"]].append(row["stream"])
    return found


async def staff(connection: Connection, tenant: UUID) -> list[Entry]:
    """The journalled entries about a company's people, in order."""
    rows = await connection.fetch(f"{_ROWS} where tenant = $1 and source = 'authz' order by recorded_at, position", tenant)
    return [entry for entry in entries_of(rows) if prefix_of(entry.type) == "psn"]


async def entries(connection: Connection, tenant: UUID, ids: Iterable[str]) -> list[Entry]:
    """The journalled ones among entries, by their ids; in no order."""
    places = [id.partition("@") for id in ids]
    rows = await connection.fetch(
        _ROWS + " where tenant = $1 and (stream, version) in (select * from unnest($2::uuid[], $3::integer[]))",  # noqa: S608
        tenant, [uuid_of(stream) for stream, _, _ in places], [int(version) for _, _, version in places],
    )  # fmt: skip
    return entries_of(rows)


async def evidence(connection: Connection, tenant: UUID, own: Sequence[Entry]) -> list[Entry]:
    """All that is journalled about a deal: its listing, every record of its client, everyone they name, whose store and managers matter.

    `own` are the deal's own entries; they come first. In the order of the journal.
    """
    terms = history.terms_of(own)
    found = [*own]
    if terms.listing is not None:
        found += await stream(connection, tenant, terms.listing)
    records = await stream(connection, tenant, terms.client)
    first = history.first_record(records) or terms.client
    found += await _records_of(connection, tenant, first)
    people: set[str] = set()
    while missing := sorted(history.people_named(found) - people):
        people.update(missing)
        rows = await connection.fetch(
            f"{_ROWS} where tenant = $1 and stream = any($2) order by stream, version", tenant, [uuid_of(person) for person in missing]
        )
        found += entries_of(rows)
    return found + await _posts_around(connection, tenant, found)


async def _records_of(connection: Connection, tenant: UUID, first: str) -> list[Entry]:
    """The entries of every record of one person: the first, and its duplicates (A-2.5)."""
    rows = await connection.fetch(
        _ROWS + " where tenant = $1 and (stream = $2 or stream in (select stream from journal join named using (tenant, source, position)"  # noqa: S608
        " where named.tenant = $1 and named.kind = 'record' and named.key = $3)) order by position",
        tenant, uuid_of(first), first,
    )  # fmt: skip
    return entries_of(rows)


async def _posts_around(connection: Connection, tenant: UUID, found: Sequence[Entry]) -> list[Entry]:
    """The entries about whoever has been in the teams concerned, or at the head of the stores and areas, but those already found."""
    there = {(entry.service, entry.position) for entry in found}
    teams, stores, areas = history.places_named(found)
    rows = await connection.fetch(
        _ROWS + " where tenant = $1 and source = 'authz' and stream in ("  # noqa: S608
        " select stream from journal join named using (tenant, source, position)"
        " where named.tenant = $1 and named.source = 'authz' and ((kind = 'team' and key = any($2))"
        " or (kind = 'store_manager' and key = any($3)) or (kind = 'area_manager' and key = any($4)))) order by position",
        tenant, sorted(teams), sorted(stores), sorted(areas | {""}),
    )  # fmt: skip
    return [entry for entry in entries_of(rows) if (entry.service, entry.position) not in there]


def entries_of(rows: Sequence[Any]) -> list[Entry]:
    """Rows as entries. One of a category that nobody knows (any more) has no id: it is as if gone."""
    found: list[Entry] = []
    for source, position, tenant, stream, version, type, data, meta, at, recorded_at in rows:
        decode = _decoder_of(source, type)
        if decode is None:
            continue
        try:
            event = decode(data)
        except ValueError:  # its bytes cannot be read (any more): replay says so instead of failing
            event = None
        try:
            told = _META(meta)
        except ValueError:
            told = Meta()
        found.append(Entry(source, position, tenant, stream, version, type, event, data, told, at, recorded_at))
    return found


@lru_cache(maxsize=4096)
def _decoder_of(source: str, type: str) -> Callable[[bytes], Any] | None:
    """What reads the events of a type, though there are none if nobody knows it (any more); None if nobody knows its category."""
    try:
        prefix_of(type)
    except UnknownType:
        return None
    try:
        return CODECS[source].decoder(type)
    except UnknownType:
        return lambda data: None
