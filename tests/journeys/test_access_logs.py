"""A story is told by requests and nothing else: each step stands in exactly one service's access log, once."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.cases.reading import Step, read
from deploy.front import service_of
from deploy.stack import Stack
from tests.journeys.telling import TWO_LIVES

Line = tuple[str, int]
"""A request as the log has it: path and status."""


async def test_each_step_is_exactly_one_request_to_one_service(stack: Stack, clock: StoryClock) -> None:
    logs = {service: stack.log_of(service) for service in stack.sockets}
    told_from: dict[str, int] = {}

    async def company_is_founded(place: int, step: Step) -> None:
        if place == 0:
            told_from.update({service: log.stat().st_size for service, log in logs.items()})

    played = await play(read(TWO_LIVES), stack, clock=clock, before_step=company_is_founded)
    assert played.differences == ()
    assert {service: _posts(log, told_from[service]) for service, log in logs.items()} == _steps(played, list(logs))


def _steps(played: Played, services: list[str]) -> dict[str, list[Line]]:
    """What the story's steps asked of each service, in their order, and how they were answered."""
    asked: dict[str, list[Line]] = {service: [] for service in services}
    for step, answer in zip(played.case.story, played.answers, strict=True):
        assert answer is not None, "every step of this story is a request"
        path = step.verb.route(_target(played, step))
        service = service_of(path)
        assert service is not None, f"nobody answers for {path}"
        asked[service].append((path, answer.status))
    return asked


def _target(played: Played, step: Step) -> str | None:
    noun = step.verb.target
    if noun is None or noun not in step.fields:
        return None
    name = str(step.fields[noun])
    assert played.cast is not None
    return played.cast.people[name] if noun == "person" else played.ids[noun, name]


def _posts(log: Path, offset: int) -> list[Line]:
    """The commands in a service's access log from a place on. Minting a token is the runner's, not the story's."""
    with log.open("rb") as lines:
        lines.seek(offset)
        said = [json.loads(line) for line in lines if line.startswith(b"{")]
    return [
        (line["path"], line["status"])
        for line in said
        if line.get("event") == "request" and line["method"] == "POST" and line["route"] != "/v1/tokens"
    ]
