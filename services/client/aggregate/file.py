"""A client's file as it stands: what later decisions about care read of its history (K-2 to K-10)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct, structs

from services.client import rules
from services.client.events import (
    Amended,
    Checked,
    Claimed,
    ClientTold,
    ContactAdded,
    ContactPlanned,
    ContactRemoved,
    DealStands,
    Entered,
    Event,
    Examined,
    Finding,
    FindingExcused,
    FollowedUp,
    HandedOver,
    HolderLeft,
    Level,
    LevelSet,
    Loss,
    LossAccepted,
    LossReported,
    LossReturned,
    MarkedImportant,
    Plan,
    Reassigned,
    Reopened,
    Source,
    UnmarkedImportant,
    Viewed,
)


class Check(Struct, frozen=True):
    """The manager's last check since the client changed hands."""

    by: str
    finding: Literal["sound", "wanting"]
    note: str
    at: datetime


class Report(Struct, frozen=True):
    """A loss that was reported and waits for the manager."""

    by: str
    loss: Loss
    at: datetime


class Examination(Struct, frozen=True):
    """What the last half-yearly check found, and what of it was excused since."""

    at: datetime
    found: tuple[Finding, ...] = ()
    excused: tuple[Finding, ...] = ()


class File(Struct, frozen=True):
    """`first_contact` as declared, no later than the entry; `last_contact` as recorded. `due`: the first instant too late by the level.
    `closed`: given up or handed over, so that nothing is due. `agents_min`: None of a client who is not important. `left_by`: the agent in
    charge who left at `left_at`, until the client was told. `half`: the half year of the last check, or of the entry before the first."""

    first_contact: datetime
    last_contact: datetime
    half: str
    source: Source | None = None
    level: Level | None = None
    due: datetime | None = None
    plan: Plan | None = None
    check: Check | None = None
    report: Report | None = None
    closed: Literal["given_up", "handed_over"] | None = None
    agents_min: int | None = None
    contacts: tuple[str, ...] = ()
    left_by: str | None = None
    left_at: datetime | None = None
    examination: Examination | None = None

    @property
    def next_due(self) -> datetime | None:
        """K-2, K-3: the first instant too late for the next contact, by its level or by what was planned, whichever is sooner."""
        if self.closed:
            return None
        ends = (self.due, None if self.plan is None else rules.planned_until(self.plan.on))
        return min((end for end in ends if end is not None), default=None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """K-9: what the last check found and is neither cured nor excused since."""
        if self.examination is None or self.closed:
            return ()
        return tuple(f for f in self.examination.found if f not in self.examination.excused and not _is_cured(self, f))


def _is_cured(file: File, finding: Finding) -> bool:
    assert file.examination is not None, "what was found was found by a check"
    cured: dict[Finding, bool] = {
        "no_source": file.source is not None,
        "no_level": file.level is not None,
        "no_plan": file.plan is not None,
        "no_check": file.check is not None,
        "stale": file.last_contact > file.examination.at,
        "duplicate": False,
    }
    return cured[finding]


def begun(event: Entered) -> File:
    first_contact = event.at if event.acquired_at is None else min(event.acquired_at, event.at)
    return File(first_contact, event.at, rules.half_of(event.at), event.source, event.level, event.due)


def evolve_file(file: File, event: Event) -> File:
    """The file after an event; itself, if the event says nothing of it."""
    match event:
        case FollowedUp(at=at, due=due) | Viewed(at=at, due=due):
            return structs.replace(file, last_contact=at, due=due, plan=None)
        case Amended(source=source):
            return structs.replace(file, source=source)
        case LevelSet(level=level, due=due):
            return structs.replace(file, level=level, due=due)
        case ContactPlanned(plan=plan):
            return structs.replace(file, plan=plan)
        case Checked(by=by, finding=finding, note=note, at=at):
            return structs.replace(file, check=Check(by, finding, note, at))
        case Claimed() | Reassigned():
            return structs.replace(file, check=None)
        case Examined(half=half, findings=findings, at=at):
            return structs.replace(file, half=half, examination=Examination(at, findings))
        case FindingExcused(finding=finding) if file.examination is not None:
            excused = (*file.examination.excused, finding)
            return structs.replace(file, examination=structs.replace(file.examination, excused=excused))
        case _:
            return _evolve_end(_evolve_company(file, event), event)


def _evolve_end(file: File, event: Event) -> File:
    """Whether the client is still worked."""
    match event:
        case LossReported(by=by, loss=loss, at=at):
            return structs.replace(file, report=Report(by, loss, at))
        case LossReturned():
            return structs.replace(file, report=None)
        case LossAccepted() | HandedOver():
            closed: Literal["given_up", "handed_over"] = "handed_over" if isinstance(event, HandedOver) else "given_up"
            return structs.replace(file, closed=closed, report=None, due=None, plan=None, left_by=None, left_at=None)
        case Reopened(due=due):
            return structs.replace(file, closed=None, due=due)
        case DealStands():
            return structs.replace(file, report=None, closed=None)
    return file


def _evolve_company(file: File, event: Event) -> File:
    """Who looks after the client."""
    match event:
        case MarkedImportant(agents_min=agents_min):
            return structs.replace(file, agents_min=agents_min)
        case UnmarkedImportant():
            return structs.replace(file, agents_min=None)
        case ContactAdded(agent=agent):
            return structs.replace(file, contacts=(*file.contacts, agent))
        case ContactRemoved(agent=agent):
            return structs.replace(file, contacts=tuple(other for other in file.contacts if other != agent))
        case HolderLeft(person=person, at=at) if not file.closed:
            return structs.replace(file, left_by=person, left_at=at)
        case ClientTold():
            return structs.replace(file, left_by=None, left_at=None)
    return file
