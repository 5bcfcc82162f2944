"""Everything is stopped in the middle of a story, as for the night, and started again on the same folder: nothing is forgotten."""

from __future__ import annotations

from typing import Any

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.cases.reading import read
from deploy.stack import Stack
from tests.journeys.telling import TWO_LIVES, Auditor, auditing, before, posted, tenant_of, token_of


async def test_a_stack_that_was_stopped_and_started_again_goes_on_with_the_story(stack: Stack, clock: StoryClock) -> None:
    case = read(TWO_LIVES)
    told = before(case, "deal.settle")
    played = await play(told, stack, clock=clock)
    assert played.differences == ()
    async with auditing(stack, played) as auditor:
        known = await _all_that_is_known(auditor)
    pids = [stack.pid(service) for service in stack.sockets]
    await stack.stop()
    await stack.start()
    assert not set(pids) & {stack.pid(service) for service in stack.sockets}
    async with auditing(stack, played) as auditor:
        assert await _all_that_is_known(auditor) == known
        settle = case.story[len(told.story)]
        await clock.set(tenant_of(played), settle.at)
        path = f"/v1/deals/{played.ids['deal', 'D1']}:settle"
        settled = await posted(auditor.http, played, await token_of(stack, played, str(settle.by)), path)
        assert (settled.status_code, settled.json()["state"]) == (200, "settled"), settled.text
        assert _lines(played, await auditor.deal()) == _expected(case.expected.deals["D1"]["lines"])
        assert (await auditor.replay())["same"] is True


async def _all_that_is_known(auditor: Auditor) -> dict[str, Any]:
    """Every listing, client and deal of the story, and the violations, as their services show them."""
    paths = [f"/v1/{noun}s/{id}" for (noun, _), id in auditor.played.ids.items()]
    return {path: (await auditor.got(path)).json() for path in [*paths, "/v1/violations"]}


def _lines(played: Played, deal: dict[str, Any]) -> list[tuple[str, str, int]]:
    assert played.cast is not None
    names = {id: name for name, id in played.cast.people.items()}
    return [(line["role"], names[line["to"]], line["amount"]["amount"]) for line in deal["lines"]]


def _expected(lines: object) -> list[tuple[str, str, int]]:
    assert isinstance(lines, tuple)
    return [(line["role"], line["to"], line["amount"]) for line in lines]
