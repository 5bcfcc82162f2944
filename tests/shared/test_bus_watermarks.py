"""A watermark promises that nothing recorded before its instant is still to come, and that what was heard has had its effect."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from deploy.servers import Nats
from shared.bus import Watermark, WatermarkPublisher, Watermarks, standing
from shared.entry import Entry
from tests.databases import Database
from tests.shared.bus_toy import NOON, SEAL, TENANT, Said, Toy, running, speaking_to, until, word_of

WITHIN_S = 10


async def test_nothing_is_ever_recorded_before_a_watermarks_instant_and_after_its_position(alpha: Toy) -> None:
    marks: list[Watermark] = []

    async def mark_it() -> None:
        marks.append(await standing(alpha.pool, "alpha"))

    for _ in range(20):
        await asyncio.gather(*(mark_it() if n % 5 == 2 else alpha.say(f"{n}") for n in range(15)))
    entries = await alpha.log.read(0, 1_000, raw=True)
    assert any(0 < mark.position < entries[-1].position for mark in marks)
    for mark in marks:
        assert all((entry.position <= mark.position) or entry.recorded_at >= mark.instant for entry in entries)
    positions = [mark.position for mark in sorted(marks, key=lambda mark: mark.instant)]
    assert positions == sorted(positions)


async def test_heard_is_never_too_new(alpha: Toy, beta: Toy) -> None:
    """Beta answers each of alpha's words. Of whatever beta says it has heard, the answers are in its log up to the position it gives."""

    async def answer(entry: Entry) -> None:
        await beta.append([Said(word_of(entry))], key=entry.id)

    hearing = beta.hearing("alpha", feed=alpha.log.read, react=answer, reacts_to={"toy.Said"})
    marks: list[Watermark] = []
    async with running(hearing.run()):
        last = await alpha.say(*(f"{n}" for n in range(1, 41)))
        while hearing.position() < last:
            marks.append(await standing(beta.pool, "beta"))
            assert await hearing.reached(hearing.position() + 1, WITHIN_S)
    answers = {int(word_of(entry)): entry.position for entry in await beta.log.read(0, 100, raw=True)}
    assert len(answers) == last
    assert any(0 < mark.heard["alpha"] < last for mark in marks if mark.heard)
    for mark in marks:
        assert all(answers[n] <= mark.position for n in range(1, mark.heard.get("alpha", 0) + 1))


async def test_with_two_tasks_on_a_source_the_slower_one_counts(alpha: Toy, beta: Toy) -> None:
    await beta.pool.execute("insert into checkpoints (source, task, position) values ('alpha', 'views', 7), ('alpha', 'journal', 9)")
    assert (await standing(beta.pool, "beta")).heard == {"alpha": 7}


async def test_watermarks_are_heard_and_forged_ones_are_not(alpha: Toy, broker: Nats) -> None:
    last = await alpha.say("one", "two")
    heard = Watermarks("beta", broker.url, seal=SEAL)
    publisher = WatermarkPublisher("alpha", broker.url, pool=alpha.pool, leases=alpha.leases, seal=SEAL)
    async with running(heard.run(), publisher.run()):
        await until(lambda: heard.latest("alpha") is not None)
        mark = heard.latest("alpha")
        assert mark is not None
        assert (mark.service, mark.tenant, mark.position, mark.heard) == ("alpha", None, last, {})
        async with speaking_to(broker.url) as client:
            await client.publish("fenyong.alpha.watermark", b"no JSON")
            forged = b'{"service":"alpha","position":99,"instant":"2999-01-01T00:00:00Z","heard":{}}'
            await client.publish("fenyong.alpha.watermark", forged)
            await client.flush()
        assert await heard.changed(WITHIN_S)
        assert await heard.changed(WITHIN_S)
        later = heard.latest("alpha")
    assert later is not None
    assert later.position == last
    assert later.instant > mark.instant


async def test_a_storys_clock_has_a_watermark_of_its_own_as_soon_as_it_moves(
    alpha: Toy, broker: Nats, toy_databases: dict[str, Database]
) -> None:
    owner = await asyncpg.connect(toy_databases["alpha"].owner_dsn)
    heard = Watermarks("beta", broker.url, seal=SEAL)
    publisher = WatermarkPublisher("alpha", broker.url, pool=alpha.pool, leases=alpha.leases, seal=SEAL)

    def stands_at(tenant: UUID, instant: datetime, position: int) -> bool:
        mark = heard.latest("alpha", tenant)
        return mark is not None and (mark.instant, mark.position) == (instant, position)

    try:
        async with running(heard.run(), publisher.run()):
            for hours in (1, 2, 30):
                now = NOON + timedelta(hours=hours)
                await owner.execute("select set_story_clock($1, $2)", TENANT, now)
                last = await alpha.say("one")
                await until(lambda now=now, last=last: stands_at(TENANT, now, last))  # type: ignore[misc]
    finally:
        await owner.close()
    assert heard.latest("beta", TENANT) is None
