"""History that was tampered with: in a copy of the commission's database one byte is altered, and the replay says where."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.stack import Stack
from shared.entry import uuid_of
from tests.journeys.elsewhere import another_commission, copied
from tests.journeys.telling import TWO_LIVES, Auditor, cast_of, seeded, tenant_of


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the history, somebody who can alter it, and somebody who replays deals on it."""

    database: asyncpg.Connection
    auditor: Auditor
    tenant: UUID


@pytest.fixture(scope="module")
async def copy(stack: Stack, clock: StoryClock, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Copy]:
    played = await play(read(TWO_LIVES), stack, clock=clock)
    assert played.differences == ()
    folder = tmp_path_factory.mktemp("altered")
    async with copied(stack, "commission", "altered") as database, another_commission(stack, folder, database="altered") as process:
        yield Copy(database, Auditor(process, played), tenant_of(played))


async def test_the_unaltered_copy_replays_like_the_original(copy: Copy) -> None:
    replayed = await copy.auditor.replay()
    assert (replayed["same"], replayed["altered"], replayed["difference"]) == (True, [], [])


async def test_one_byte_altered_in_any_journalled_entry_that_the_settlement_rests_on_is_found_and_named(copy: Copy) -> None:
    """Whichever byte it is: if it still says something, something else, or nothing that can be read."""
    chance = seeded("altered byte")
    rests_on = [id for id in (await _settlement(copy))["evidence"] if not id.startswith("dea_")]
    assert {id[:3] for id in rests_on} == {"lst", "cli", "psn"}
    for id in rests_on:
        data = await _data(copy, "journal", id)
        place = chance.randrange(len(data))
        altered = data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
        replayed = await _replayed_with(copy, "journal", id, data, altered)
        assert (replayed["same"], replayed["altered"]) == (False, [id]), f"byte {place} of {data!r} became {altered[place : place + 1]!r}"
    assert (await copy.auditor.replay())["same"] is True, "put right, it is as it was"


MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("column", "altered"),
    [
        ("type", lambda type: "X" + type[1:]),
        ("type", lambda type: type[:-1] + "X"),
        ("at", lambda at: at + MICROSECOND),
        ("recorded_at", lambda recorded_at: recorded_at - MICROSECOND),
        ("meta", lambda meta: meta.replace(b'"by":"psn_0', b'"by":"psn_1')),
        ("meta", lambda meta: b"[" + meta[1:] if b'"by"' in meta else meta),
    ],
)
async def test_what_an_entry_is_and_when_it_was_and_whose_is_found_as_well(copy: Copy, column: str, altered: Callable[[Any], Any]) -> None:
    """Of the listing's entries: of the one that the system wrote by itself, nobody's name can be altered."""
    found = f"select {column} from journal where tenant = $1 and stream = $2 and version = $3"
    write = f"update journal set {column} = $4 where tenant = $1 and stream = $2 and version = $3"
    rests_on = [id for id in (await _settlement(copy))["evidence"] if id.startswith("lst_")]
    was = {id: await copy.database.fetchval(found, *_key(copy, id)) for id in rests_on}
    alterable = [id for id in rests_on if altered(was[id]) != was[id]]
    assert len(alterable) >= 6
    for id in alterable:
        await copy.database.execute(write, *_key(copy, id), altered(was[id]))
        try:
            replayed = await copy.auditor.replay()
        finally:
            await copy.database.execute(write, *_key(copy, id), was[id])
        assert (replayed["same"], replayed["altered"]) == (False, [id])


async def test_an_altered_fact_gives_other_lines_and_the_replay_says_whose_they_were(copy: Copy) -> None:
    """The second key is said to have been taken by whoever had the first."""
    people = cast_of(copy.auditor.played).people
    (taken,) = [
        one["entry"] for one in (await copy.auditor.replay())["timeline"] if one["type"] == "listing.KeyTaken" and one["counts_for"]
    ]
    data = await _data(copy, "journal", taken)
    replayed = await _replayed_with(copy, "journal", taken, data, data.replace(people["K2"].encode(), people["D"].encode()))
    assert (replayed["same"], replayed["altered"]) == (False, [taken])
    moved = {one["to"]: (one["settled"]["amount"], one["replayed"]["amount"]) for one in replayed["difference"] if one["role"] == "key"}
    assert moved == {people["K2"]: (620000, 0), people["D"]: (0, 620000)}


async def test_an_altered_report_and_an_altered_settlement_are_found_too(copy: Copy) -> None:
    """The deal's own entries stand in the commission's log."""
    deal = copy.auditor.played.ids["deal", "D1"]
    for type, was, becomes in (("deal.Reported", b'"agency":3000001', b'"agency":3000009'), ("deal.Settled", b"775001", b"775002")):
        (id,) = [one["entry"] for one in (await copy.auditor.replay())["timeline"] if one["type"] == type]
        assert id.startswith(deal)
        data = await _data(copy, "log", id)
        assert was in data
        replayed = await _replayed_with(copy, "log", id, data, data.replace(was, becomes))
        assert (replayed["same"], replayed["altered"]) == (False, [id])
        assert replayed["difference"] != []


async def _settlement(copy: Copy) -> dict[str, Any]:
    """What was settled, as it stands in the log."""
    rows = await copy.database.fetch(
        "select data from log where tenant = $1 and stream = $2 and type = 'deal.Settled'",
        copy.tenant, uuid_of(copy.auditor.played.ids["deal", "D1"]),
    )  # fmt: skip
    (settled,) = rows
    found: dict[str, Any] = json.loads(settled["data"])["settlement"]
    return found


async def _replayed_with(copy: Copy, table: str, id: str, data: bytes, altered: bytes) -> dict[str, Any]:
    """The replay while an entry's bytes are others; then they are put right."""
    await _write(copy, table, id, altered)
    try:
        return await copy.auditor.replay()
    finally:
        await _write(copy, table, id, data)


async def _data(copy: Copy, table: str, id: str) -> bytes:
    data: bytes = await copy.database.fetchval(
        f"select data from {table} where tenant = $1 and stream = $2 and version = $3", *_key(copy, id)
    )
    return data


async def _write(copy: Copy, table: str, id: str, data: bytes) -> None:
    done = await copy.database.execute(
        f"update {table} set data = $4 where tenant = $1 and stream = $2 and version = $3", *_key(copy, id), data
    )
    assert done == "UPDATE 1"


def _key(copy: Copy, id: str) -> tuple[UUID, UUID, int]:
    stream, _, version = id.partition("@")
    return copy.tenant, uuid_of(stream), int(version)
