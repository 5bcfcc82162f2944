"""Recomputing many deals gives what was settled, finds what does not, and writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from deploy.migrate import OWNER, prepare
from deploy.servers import Postgres, as_user
from deploy.simulating.lives import Brokerage, Size, simulated
from deploy.simulating.loading import load_journal, load_log
from services.commission import history
from services.commission.events import CODEC, Cancelled, Settled
from services.commission.recomputing import Answer, Asked, Chunks, Job, Plan, Recomputer
from shared.entry import uuid_of
from shared.regulation import Refused
from tests.commission.closings import B
from tests.databases import administrator


@dataclass(frozen=True, slots=True)
class Bench:
    """Two companies' deals in one database of the commission's, its owner, and somebody who may read there and no more."""

    companies: tuple[Brokerage, Brokerage]
    owner: asyncpg.Connection[Any]
    reader: Recomputer

    async def chunks(self, size: int = 10, **asked: Any) -> Chunks:
        return await self.reader.plan(Plan(Asked(**asked), size))

    async def answers(self, size: int = 10, **asked: Any) -> list[Answer]:
        plan = await self.chunks(size, **asked)
        return [await self.reader.answer(Job(plan.asked, chunk)) for chunk in plan.chunks]


@pytest.fixture(scope="module")
async def bench(postgres: Postgres) -> AsyncIterator[Bench]:
    """Whoever recomputes may select from what that reads, and from nothing else, let alone write."""
    first, second = (simulated(Size(agents=8, listings=24, deals=18, years=0.2, seed=seed), behind=1000 * seed) for seed in (1, 2))
    await prepare(postgres.dsn(), "commission", database="recomputing")
    async with administrator(postgres) as admin:
        await admin.execute("create role recomputing_reader login")
        await admin.execute('grant connect on database "recomputing" to recomputing_reader')
        owner, reader = [
            await asyncpg.connect(as_user(postgres.dsn(), database="recomputing", user=user)) for user in (OWNER, "recomputing_reader")
        ]
        for brokerage in (first, second):
            await load_log(owner, brokerage.world, "commission")
            await load_journal(owner, brokerage.world)
        await owner.execute("grant select on log, journal, named, activations to recomputing_reader")
        yield Bench((first, second), owner, Recomputer(reader))
        await reader.close()
        await owner.close()
        await admin.execute('drop database "recomputing" with (force)')
        await admin.execute("drop role recomputing_reader")


def settled_by(brokerage: Brokerage) -> dict[str, Settled]:
    """Each deal that was settled, and how."""
    logged = brokerage.world.logs["commission"]
    return {entry.stream_id: entry.event for entry in logged if isinstance(entry.event, Settled)}


async def test_every_settled_deal_is_recomputed_once_and_is_the_same_to_the_byte(bench: Bench) -> None:
    settled = [len(settled_by(brokerage)) for brokerage in bench.companies]
    for asked in ({}, {"digests": True}):
        answers = await bench.answers(size=7, **asked)
        assert sum(answer.deals for answer in answers) == sum(answer.same for answer in answers) == sum(settled) >= 20
        assert [answer.differences for answer in answers] == [()] * len(answers)
        assert [answer.number for answer in answers] == list(range(-(-settled[0] // 7) + -(-settled[1] // 7)))


async def test_a_chunk_says_how_many_deals_it_has_and_a_company_is_asked_for_alone(bench: Bench) -> None:
    second = bench.companies[1]
    plan = await bench.chunks(size=4, company=second.world.company)
    assert {chunk.company for chunk in plan.chunks} == {second.world.company}
    answers = await bench.answers(size=4, company=second.world.company)
    assert [chunk.deals for chunk in plan.chunks] == [answer.deals for answer in answers]
    assert sum(answer.deals for answer in answers) == len(settled_by(second))


async def test_deals_are_asked_for_by_when_they_closed_the_end_not_included(bench: Bench) -> None:
    closings = sorted(event.settlement.closing_time for brokerage in bench.companies for event in settled_by(brokerage).values())
    early, late = closings[5], closings[-5]
    answers = await bench.answers(since=early, until=late)
    assert sum(answer.deals for answer in answers) == sum(early <= closing < late for closing in closings)


async def test_what_is_settled_after_the_plan_was_made_does_not_count(bench: Bench) -> None:
    whole = await bench.chunks()
    earlier = await bench.reader.plan(Plan(Asked(), 10, known=whole.known - 5))
    assert earlier.known == whole.known - 5
    assert sum(chunk.deals for chunk in earlier.chunks) < sum(chunk.deals for chunk in whole.chunks)


async def test_under_another_pack_every_difference_is_that_of_judging_the_deal_under_it(bench: Bench) -> None:
    found = [difference for answer in await bench.answers(pack=B.document) for difference in answer.differences]
    told = {(each.deal, each.role, each.to): (each.settled_fen, each.recomputed_fen) for each in found}
    assert {each.what for each in found} == {"amount"}
    expected: dict[tuple[str, str, str], tuple[int, int]] = {}
    for brokerage in bench.companies:
        for id, event in settled_by(brokerage).items():
            world, settled = brokerage.world, event.settlement
            entries = [*history.before_settlement(world.streams[id]), *world.logs["authz"][1:]]
            terms = history.terms_of(entries)
            other = history.judged([*entries, *world.streams[terms.listing or ""], *world.streams[terms.client]], settled.cut, B)
            expected |= {(id, role, to): (was, now) for role, to, was, now in history.difference(settled.lines, other.lines)}
    assert told == expected
    assert told, "another pack gives other amounts"


async def test_a_pack_is_named_by_its_id_and_whoever_names_one_that_nobody_knows_is_refused(bench: Bench) -> None:
    by_id, by_document = await bench.answers(pack="B"), await bench.answers(pack=B.document)
    assert [answer.differences for answer in by_id] == [answer.differences for answer in by_document]
    with pytest.raises(Refused, match="unknown_reference"):
        await bench.chunks(pack="nobody's")


@asynccontextmanager
async def altered(bench: Bench, table: str, id: str, was: bytes, becomes: bytes) -> AsyncIterator[None]:
    """While the bytes of one entry are others."""
    stream, _, version = id.partition("@")
    where = (uuid_of(stream), int(version))
    data = await bench.owner.fetchval(f"select data from {table} where stream = $1 and version = $2", *where)
    assert was in data, data
    write = f"update {table} set data = $3 where stream = $1 and version = $2"
    await bench.owner.execute(write, *where, data.replace(was, becomes))
    yield
    await bench.owner.execute(write, *where, data)


async def found_with(bench: Bench, **asked: Any) -> list[Any]:
    return [msgspec.to_builtins(difference) for answer in await bench.answers(**asked) for difference in answer.differences]


async def test_what_was_altered_is_found_amounts_lines_bytes_and_what_makes_no_sense(bench: Bench) -> None:
    (id, event), *_ = settled_by(bench.companies[0]).items()
    terms = bench.companies[0].world.states[id].terms
    base = event.settlement.base_fen
    async with altered(bench, "log", f"{id}@1", b'"agency":', b'"agency":1'):
        found = await found_with(bench)
        assert {each["what"] for each in found} == {"amount"}
        assert {each["deal"] for each in found} == {id}
        assert sum(each["settled_fen"] for each in found) == base
    async with altered(bench, "journal", f"{terms.client}@1", b'"floor":"any"', b'"floor":"all"'):
        assert await found_with(bench) == [], "it says nothing that a line rests on"
        (unproven,) = await found_with(bench, digests=True)
        assert (unproven["deal"], unproven["what"], unproven["clauses"]) == (id, "digest", (f"{terms.client}@1",))
    async with altered(bench, "journal", f"{terms.client}@1", b"{", b"["):
        (failed,) = await found_with(bench)
        assert (failed["what"], failed["settled_fen"], failed["recomputed_fen"]) == ("failed", base, 0)


async def test_of_a_settlement_that_ends_in_more_than_is_read_first_all_is_read(bench: Bench) -> None:
    id, event = next((id, event) for id, event in settled_by(bench.companies[0]).items() if event.settlement.notes == ())
    entry = next(entry for entry in bench.companies[0].world.streams[id] if isinstance(entry.event, Settled))
    async with altered(bench, "log", entry.id, b'"notes":[]', b'"notes":["' + b"long" * 1000 + b'"]'):
        (found,) = await found_with(bench)
    assert (found["deal"], found["what"]) == (id, "line"), "it was read, and says more than what is recomputed"
    assert found["settled_fen"] == found["recomputed_fen"] == event.settlement.base_fen


async def test_a_cancelled_deal_is_counted_and_not_judged_since_nothing_of_it_is_due(bench: Bench) -> None:
    id = next(iter(settled_by(bench.companies[1])))
    entry = bench.companies[1].world.streams[id][-1]
    event = Cancelled(entry.event.by, None, "", "the buyer withdrew", entry.at)
    type, data = CODEC.encode(event)
    values = (5000, entry.tenant, entry.stream, entry.version + 1, type, data, "{}", entry.at, entry.recorded_at + timedelta(days=1))
    await bench.owner.copy_records_to_table("log", records=[values])
    answers = await bench.answers()
    assert (sum(a.cancelled for a in answers), sum(a.deals - a.same for a in answers)) == (1, 0)
    await bench.owner.execute("delete from log where position = 5000")


async def test_whoever_recomputes_cannot_write_even_where_they_might(bench: Bench) -> None:
    before = await _written(bench)
    await bench.answers(digests=True)
    assert await _written(bench) == before
    writer = Recomputer(bench.owner)
    plan = await writer.plan(Plan(Asked(), 10))
    assert sum([(await writer.answer(Job(plan.asked, chunk))).same for chunk in plan.chunks]) == sum(c.deals for c in plan.chunks)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with writer.reading():
            await bench.owner.execute("delete from log")


async def _written(bench: Bench) -> list[Any]:
    """Of each table how many rows it has, and which transaction wrote last."""
    tables = await bench.owner.fetch("select relname from pg_stat_user_tables order by relname")
    return [await bench.owner.fetch(f"select '{name}', count(*), max(xmin::text::bigint) from {name}") for (name,) in tables]
