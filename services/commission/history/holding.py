"""A listing as it stood at closing: who held it, which keys, exclusives and follow-ups there were, whether it was correct."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any, Literal

from msgspec import structs

from services.commission import events as own
from services.commission import rules
from services.commission.history.dossier import Bearing
from services.commission.history.looking import looked_up
from services.listing import events as listing
from shared.entry import Entry, uuid_of
from shared.tenure import Stands, terms_ended

Entered = Literal["in_time", "late", "late_signed_off"]


def listing_at(bearing: Bearing) -> rules.Listing | None:
    """The listing of a deal; one entered after the cut as it was entered; None if the deal has none, or none that can be read."""
    id = bearing.terms.listing
    if id is None:
        return None
    stream = uuid_of(id)
    past = [e for e in bearing.listing if e.stream == stream]
    if past:
        return _told(id, past, bearing, "in_time")
    first = bearing.late
    if first is None or not isinstance(first.event, listing.Entered):
        return None
    signed_off = [e.id for e in bearing.deal if isinstance(e.event, own.LateListingSignedOff)]
    told = _told(id, [first], bearing, "late_signed_off" if signed_off else "late")
    return structs.replace(told, entered_evidence=(*told.entered_evidence, *signed_off))


class _Past:
    """A listing's entries by kind of event, each kind in the order of recording."""

    __slots__ = ("_by_kind", "entries", "id")

    def __init__(self, id: str, entries: Sequence[Entry]) -> None:
        self.id = id
        self.entries = entries
        self._by_kind: dict[type, list[Entry]] = {}
        for entry in entries:
            kind = type(entry.event)
            if kind in self._by_kind:
                self._by_kind[kind].append(entry)
            else:
                self._by_kind[kind] = [entry]

    def of(self, *kinds: type) -> Sequence[Entry]:
        """The entries of these kinds, in the order of recording."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        return [entry for entry in self.entries if type(entry.event) in kinds]

    def source(self, entry: Entry) -> tuple[str, ...]:
        """The entry, as evidence."""
        return (f"{self.id}@{entry.version}",)


def _told(id: str, entries: Sequence[Entry], bearing: Bearing, entered: Entered) -> rules.Listing:
    past, first = _Past(id, entries), entries[0]
    assert isinstance(first.event, listing.Entered), "a listing begins with its entry"
    moves, holder, source = _course(past, max(bearing.cut.instant, first.effective_at))
    said = past.of(listing.Entered, listing.Completed)
    refuted = past.of(listing.Refuted)
    correct = _last([*said, *[e for e in refuted if e.event.what == "owner_phone"]])
    stands_refuted = {e.event.what for e in refuted if _stands(e, said)}
    written = _written(past, refuted)
    return rules.Listing(
        listing=id,
        recorder=first.event.recorder,
        holder=holder,
        entered=entered,
        correct=correct.event.correct,
        core_refuted="core" in stands_refuted,
        phone_refuted="owner_phone" in stands_refuted,
        moves=moves,
        keys=_keys(past, written),
        exclusives=_exclusives(past, written),
        surveys=_surveys(past),
        plans=tuple([rules.FloorPlan(e.event.by, e.event.door, e.event.compass, past.source(e)) for e in past.of(listing.FloorPlanned)]),
        follow_ups=looked_up(_follow_ups, past, written, bearing),
        evidence=source,
        entered_evidence=past.source(first),
        correct_evidence=past.source(correct),
        refuted_evidence=tuple([past.source(e)[0] for e in refuted if e.event.what in ("core", "owner_phone")]),
    )


def _surveys(past: _Past) -> tuple[rules.Survey, ...]:
    """B-1-3-1: surveys as they were told, and the watermarks found on their photos since."""
    found = past.of(listing.WatermarkFound)

    def surveyed(entry: Entry) -> rules.Survey:
        event, shown = entry.event, {one.photo for one in entry.event.photos}
        since = [e for e in found if e.version > entry.version and e.event.photo in shown]
        source = (*past.source(entry), *(id for e in since for id in past.source(e)))
        return rules.Survey(event.by, event.indoor, event.indoor_with_agent, event.outdoor, event.watermarked + len(since), source)

    return tuple(surveyed(entry) for entry in past.of(listing.Surveyed))


def _course(past: _Past, until: datetime) -> tuple[tuple[rules.Move, ...], str, tuple[str, ...]]:
    """Every change of hands up to an instant; who holds then, and the entries that say so. Lapses follow from what the entries say."""
    moves: list[rules.Move] = []
    told = past.entries[0]
    running: Stands = told.event.stands
    for entry in past.entries[1:]:
        event = entry.event
        stands: Stands | None = getattr(event, "stands", None)
        if stands is None:
            continue
        ended = terms_ended(running, event.at)
        if ended:
            moves += _lapses(running, ended, past.source(told))
        if stands[0].holder != running[ended].holder:
            moves.append(rules.Move(stands[0].holder, event.at, getattr(event, "clause", None), past.source(entry)))
        if not isinstance(event, listing.DealStands):  # that a deal stops the terms says nothing of how the holder came to hold
            told = entry
        running = stands
    ended, source = terms_ended(running, until), past.source(told)
    return (*moves, *_lapses(running, ended, source)), running[ended].holder, source


def _lapses(stands: Stands, ended: int, source: tuple[str, ...]) -> list[rules.Move]:
    """The first so many of a course."""
    passed = pairwise(stands[: ended + 1])
    return [rules.Move(after.holder, stand.until, stand.clause, source) for stand, after in passed if stand.until is not None]


def _keys(past: _Past, written: Sequence[Entry]) -> tuple[rules.Key, ...]:
    """Keys taken and not given back, who took last at the end; a second taking counts from itself."""
    if not past.of(listing.KeyTaken):
        return ()
    held: dict[str, Entry] = {}
    for entry in past.of(listing.KeyTaken, listing.KeyReturned):
        held.pop(entry.event.by, None)
        if isinstance(entry.event, listing.KeyTaken):
            held[entry.event.by] = entry
    return tuple(rules.Key(by, _declared(past, written, "key", entry), past.source(entry)) for by, entry in held.items())


def _exclusives(past: _Past, written: Sequence[Entry]) -> tuple[rules.Exclusive, ...]:
    return tuple(
        rules.Exclusive(e.event.by, e.event.until, _declared(past, written, "exclusive", e), past.source(e))
        for e in past.of(listing.ExclusiveSigned)
    )


def _declared(past: _Past, written: Sequence[Entry], about: str, act: Entry) -> str | None:
    """A-1.N5: the first follow-up about an act that was recorded at or after it, by anyone, and not refuted."""
    return next((past.source(e)[0] for e in written if e.event.about == about and e.version > act.version), None)


def _written(past: _Past, refuted: Sequence[Entry]) -> list[Entry]:
    """The follow-ups written on a listing but those refuted since: these count as not made."""
    untrue = {e.event.follow_up for e in refuted if e.event.what == "follow_up"}
    return [e for e in past.of(listing.FollowedUp) if e.version not in untrue]


def _follow_ups(past: _Past, written: Sequence[Entry], bearing: Bearing) -> tuple[rules.FollowUp, ...]:
    """What counts as a follow-up: entering, following up, showing; with the writer's team then."""
    counting = sorted([*past.of(listing.Entered, listing.Shown), *written], key=_version)
    return tuple([_follow_up(past, e, bearing) for e in counting])


def _follow_up(past: _Past, entry: Entry, bearing: Bearing) -> rules.FollowUp:
    event: Any = entry.event
    by = event.recorder if type(event) is listing.Entered else event.by
    post = bearing.staff.person(by, bearing.cut).post_at(event.at)
    return rules.FollowUp(by, event.at, post.team if post is not None else None, past.source(entry))


def _stands(finding: Entry, said: Sequence[Entry]) -> bool:
    """B-1-3-6: whether a refutation stands: of the owner's phone until another is given, of another fact until one is put right. Completing
    the entry by what was there already, or by what was not found untrue, cures nothing."""
    before = [entry for entry in said if entry.version < finding.version][-1].event
    after = [entry.event for entry in said if entry.version > finding.version]
    if finding.event.what == "owner_phone":
        return all(event.owner is None for event in after)  # a phone that was refuted does not become the owner's again
    return all(event.house == before.house for event in after)


def _last(entries: Sequence[Entry]) -> Entry:
    return max(entries, key=_version)


_version = attrgetter("version")
