"""A story told to a running stack: each step one request with that person's token, then what came of it, read by the auditor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, assert_never

from deploy.cases.calling import Answer, NoAnswer, Positions, Wire
from deploy.cases.clock import StoryClock
from deploy.cases.comparing import compare
from deploy.cases.founding import Cast, Company, FoundingFailed, PackRefused, found
from deploy.cases.nodes import StoryRefused
from deploy.cases.outcome import Outcome, Unreadable, came_of
from deploy.cases.packs import PackFile
from deploy.cases.reading import Case, Record, Step, Value
from deploy.cases.verbs import (
    PATHS,
    PREFIXES,
    Account,
    Code,
    Fees,
    FollowUpText,
    Kind,
    Lines,
    Named,
    NamedPeople,
    New,
    Noun,
    OneOf,
    Pack,
    People,
    Plain,
)
from deploy.migrate import SERVICES
from shared.entry import new_id, uuid_of

JUST_AFTER = timedelta(microseconds=1)
"""The story is looked at just after its last step, when what was recorded at that very instant is complete."""

BeforeStep = Callable[[int, Step], Awaitable[None]]
_OWNERS: dict[Noun, str] = {"person": "authz", "listing": "listing", "client": "client", "deal": "commission", "dispute": "commission"}
_POST_CHANGES = ("person.transfer", "person.confirm")


class Stage(Protocol):
    """What a story needs of a stack: one address in front of all services, and each one's database (as its owner)."""

    @property
    def address(self) -> str: ...

    def dsn(self, service: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Played:
    """How a case came out. `answers` has what each step was answered, by its place in the story; `ids` what the story's names mean."""

    case: Case
    differences: tuple[str, ...]
    outcome: Outcome
    answers: tuple[Answer | None, ...] = ()
    cast: Cast | None = None
    ids: Mapping[tuple[Noun, str], str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.differences


async def play(
    case: Case,
    stage: Stage,
    *,
    pack: PackFile | None = None,
    before_step: BeforeStep | None = None,
    clock: StoryClock | None = None,
    unhurried: bool = False,
) -> Played:
    """Plays one case in a company of its own. `pack` takes the place of the case's packs; `before_step` is awaited before each step,
    with its place from 0, before the clock moves. `unhurried`: time moves on only when listing and client have taken in what was said,
    so that what follows from a step is recorded at its time, as in life. Raises StoryRefused if the product refuses the case's pack."""
    if clock is None:
        async with story_clock(stage) as own:
            return await play(case, stage, pack=pack, before_step=before_step, clock=own, unhurried=unhurried)
    async with Wire(stage.address) as wire:
        return await _Playing(case, wire, clock, unhurried).played(pack, before_step)


def story_clock(stage: Stage) -> StoryClock:
    """The clock of all stories in one stack; to be entered once for many plays."""
    return StoryClock({service: stage.dsn(service) for service in SERVICES})


@dataclass(slots=True)
class _Playing:
    case: Case
    wire: Wire
    clock: StoryClock
    unhurried: bool
    after: Positions = field(default_factory=Positions)
    ids: dict[tuple[Noun, str], str] = field(default_factory=dict)
    owners: dict[str, Company] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    answers: list[Answer | None] = field(default_factory=list)

    async def played(self, pack: PackFile | None, before_step: BeforeStep | None) -> Played:
        try:
            cast = await found(self.case, self.wire, self.after, self.clock.set, pack=pack)
            for place, step in enumerate(self.case.story):
                if self.unhurried:
                    await self._all_heard()
                if before_step is not None:
                    await before_step(place, step)
                self.answers.append(await self._tell(step, cast))
            return await self._looked_at(cast)
        except PackRefused as refused:
            raise StoryRefused(self.case.file, refused.line, str(refused)) from refused
        except (FoundingFailed, NoAnswer, Unreadable) as failed:
            self.differences.append(str(failed))
            return Played(self.case, tuple(self.differences), Outcome(), tuple(self.answers))

    async def _looked_at(self, cast: Cast) -> Played:
        await self._set_clock(cast, self.case.story[-1].at + JUST_AFTER)
        outcome = await came_of(self.wire, self.after, self.ids, self.owners, cast)
        differences = (*self.differences, *compare(self.case.expected, outcome))
        return Played(self.case, differences, outcome, tuple(self.answers), cast, dict(self.ids))

    async def _all_heard(self) -> None:
        """One look at each listing and client so far: it is answered when their services have heard everything."""
        for (noun, _), id in self.ids.items():
            if noun in ("listing", "client"):
                await self.wire.get(f"{PATHS[noun]}/{id}", token=self.owners[id].auditor, after=self.after)

    async def _set_clock(self, cast: Cast, now: datetime) -> None:
        for company in cast.companies.values():
            await self.clock.set(company.tenant, now)

    async def _tell(self, step: Step, cast: Cast) -> Answer | None:
        """Lets the time come and makes the step's one request."""
        await self._set_clock(cast, step.at)
        if step.verb.name == "clock" or step.by is None:
            return None
        if missing := self._not_made(step):
            self._differs(step, f"not told, because {missing} was never made")
            return None
        told = _Told(step, self._target(step, cast), self._new_id(step))
        body = self._body(step, told.new_id, cast)
        if step.verb.name == "person.leave":
            await cast.token(str(step.fields["person"]))  # afterwards nobody would give them one
        token = await cast.token(step.by)
        before = await self._seen(told, cast) if step.refused else None
        answer = await self.wire.post(step.verb.route(told.target_id), body, token=token, after=self.after)
        if step.refused is not None:
            await self._judge_refusal(told, answer, before, cast)
        elif answer.done:
            self._remember(told, answer, cast)
        else:
            self._differs(step, f"refused: {answer}")
        return answer

    def _differs(self, step: Step, what: str) -> None:
        self.differences.append(f"line {step.line}: {step.verb.name} by {step.by}: {what}")

    def _not_made(self, step: Step) -> str | None:
        """The name of something that the story means and that was never made, because a step before was refused."""
        for name, kind in step.verb.fields.items():
            if isinstance(kind, Named) and name in step.fields and kind.noun != "person":
                meant = str(step.fields[name])
                if (kind.noun, meant) not in self.ids:
                    return f"{kind.noun} {meant}"
        return None

    def _target(self, step: Step, cast: Cast) -> str | None:
        noun = step.verb.target
        if noun is None or noun not in step.fields:
            return None
        return self._id(noun, str(step.fields[noun]), cast)

    def _new_id(self, step: Step) -> str | None:
        makes = step.verb.makes
        return new_id(PREFIXES[makes[1]]) if makes and makes[0] in step.fields else None

    def _id(self, noun: Noun, name: str, cast: Cast) -> str:
        return cast.people[name] if noun == "person" else self.ids[noun, name]

    def _remember(self, told: _Told, answer: Answer, cast: Cast) -> None:
        """What the step made can be meant from now on; whose post it changed gets a new token."""
        step = told.step
        made = str(answer.body["id"]) if isinstance(answer.body, dict) and "id" in answer.body else told.new_id
        if step.verb.makes and told.new_id and made:
            name_field, noun = step.verb.makes
            self._named(noun, str(step.fields[name_field]), made, cast.company_of[str(step.by)], cast)
        if step.verb.name in _POST_CHANGES:
            cast.tokens.pop(str(step.fields["person"]), None)

    def _named(self, noun: Noun, name: str, id: str, company: Company, cast: Cast) -> None:
        if noun == "person":
            cast.people[name] = id
            cast.company_of[name] = company
            return
        self.ids[noun, name] = id
        self.owners[id] = company

    async def _seen(self, told: _Told, cast: Cast) -> Answer | None:
        """What a refused step is aimed at, as the auditor sees it."""
        noun, id = told.aim
        if noun is None or id is None:
            return None
        company = cast.company_of[str(told.step.by)]
        return await self.wire.get(f"{PATHS[noun]}/{id}", token=company.auditor, after=self.after)

    async def _judge_refusal(self, told: _Told, answer: Answer, before: Answer | None, cast: Cast) -> None:
        step = told.step
        if answer.done:
            self._differs(step, f"expected to be refused with {step.refused}, but it was done")
            self._remember(told, answer, cast)
        elif answer.code != step.refused:
            self._differs(step, f"expected to be refused with {step.refused}, but the answer is {answer}")
        if before is None or answer.done:
            return
        after = await self._seen(told, cast)
        assert after is not None, "what was seen before can be asked for again"
        if _without_version(after) != _without_version(before) or await self._wrote(told, before, after, cast):
            self._differs(step, "was refused, but left a trace on what it was aimed at")

    async def _wrote(self, told: _Told, before: Answer, after: Answer, cast: Cast) -> bool:
        """Whether a change of version is the refused person's doing, and not a lapse announced or another's entry heard meanwhile."""
        noun, id = told.aim
        if before.etag == after.etag or noun is None or id is None:
            return False
        person, company = cast.people[str(told.step.by)], cast.company_of[str(told.step.by)]
        version = int("".join(digit for digit in before.etag or "0" if digit.isdecimal()))
        written = await self.clock.written_since(_OWNERS[noun], company.tenant, uuid_of(id), version)
        return any(person in meta for meta in written)

    # -- bodies --

    def _body(self, step: Step, new: str | None, cast: Cast) -> dict[str, object]:
        """The step's fields as the API takes them, without the one that stands in the path."""
        body: dict[str, object] = {}
        for name, kind in step.verb.fields.items():
            if name == step.verb.target or name not in step.fields:
                continue
            if isinstance(kind, New):
                body["id"] = new
            elif name != "company":
                body[name] = self._sent(step.fields[name], kind, step, cast)
        if step.verb.name in ("person.join", "person.transfer") and "store" in body:
            body.setdefault("area", cast.area_of(str(step.fields["store"])))  # a store's area is that of whoever named it
        return body

    def _sent(self, value: Value, kind: Kind, step: Step, cast: Cast) -> object:
        match kind:
            case Named(noun):
                return self._id(noun, str(value), cast)
            case People():
                return [cast.people[person] for person in _texts(value)]
            case Account():
                return _account(str(value), cast)
            case Fees():
                assert isinstance(value, dict)
                return {fee: _money(fen) for fee, fen in value.items() if isinstance(fen, int)}
            case NamedPeople():
                assert isinstance(value, dict)
                return {role: cast.people[str(person)] for role, person in value.items()}
            case Lines():
                return [_adjudicated(line, cast) for line in _records(value)]
            case Pack():
                assert isinstance(value, PackFile)
                return value.document
            case Plain() | OneOf() | New() | Code() | FollowUpText():
                return value.isoformat() if isinstance(value, date | datetime) else value
        assert_never(kind)


@dataclass(frozen=True, slots=True)
class _Told:
    """A step on its way: the id in its path, and the id minted for what it makes."""

    step: Step
    target_id: str | None
    new_id: str | None

    @property
    def aim(self) -> tuple[Noun | None, str | None]:
        """What the step is aimed at: what it makes, else what stands in its path."""
        if self.new_id and self.step.verb.makes:
            return self.step.verb.makes[1], self.new_id
        return self.step.verb.target, self.target_id


def _without_version(answer: Answer) -> tuple[int, Any]:
    body = answer.body
    if not answer.done:
        return answer.status, None
    return answer.status, {name: value for name, value in body.items() if name != "version"} if isinstance(body, dict) else body


def _account(name: str, cast: Cast) -> str:
    return name if name == "company" or name.startswith("team:") else cast.people[name]


def _money(fen: int) -> dict[str, object]:
    return {"amount": fen, "currency": "CNY"}


def _adjudicated(line: Record, cast: Cast) -> dict[str, object]:
    fen = line["amount"]
    assert isinstance(fen, int)
    return {"role": line["role"], "to": _account(str(line["to"]), cast), "amount": _money(fen), "credit": line["credit"]}


def _texts(value: Value) -> list[str]:
    assert isinstance(value, tuple)
    return [text for text in value if isinstance(text, str)]


def _records(value: Value) -> list[Record]:
    assert isinstance(value, tuple)
    return [record for record in value if isinstance(record, dict)]
