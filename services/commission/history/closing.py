"""A deal as it stood at closing: the facts that a split rests on."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Literal

from msgspec import structs

from services.client import events as client
from services.commission import events as own
from services.commission import rules
from services.commission.history.dossier import Bearing
from services.commission.history.holding import listing_at
from services.commission.history.looking import looked_up
from services.commission.history.staff import Known, Place
from services.commission.rules import Facts
from shared.entry import Entry, uuid_of


def as_it_stood(bearing: Bearing, asked: frozenset[str] = frozenset()) -> Facts:
    """The facts of a deal at its closing, by what bears on it; with those that only some packs ask for, if they are asked for. What most
    splits do without, or need little of, is looked up when it is asked about."""
    terms, deal = bearing.terms, bearing.deal
    return Facts(
        kind=terms.kind,
        closed_at=bearing.cut.instant,
        fees_fen=dict(sorted(terms.fees.items())),
        closers=terms.closers,
        client=_client(bearing),
        listing=listing_at(bearing),
        people=_People(bearing),
        teams=_Teams(bearing),
        viewings=looked_up(_viewings, bearing),
        leaves=looked_up(_leaves, bearing),
        store_managers=looked_up(_store_managers, bearing),
        area_managers=looked_up(_area_managers, bearing),
        findings=tuple([rules.Finding(e.event.person, (e.id,)) for e in deal if isinstance(e.event, own.PrivateDealingFound)]),
        evidence=tuple([e.id for e in deal if isinstance(e.event, own.Signed | own.Reported)]),
        named={each.role: each.person for each in terms.named},
        first_shown=_first_shown(bearing) if "first_shown" in asked else None,
    )


def in_full(facts: Facts) -> Facts:
    """All of the facts, looked up to be written down."""
    listing = facts.listing
    return structs.replace(
        facts,
        listing=structs.replace(listing, follow_ups=tuple(listing.follow_ups)) if listing is not None else None,
        people=dict(facts.people),
        teams=dict(facts.teams),
        viewings=tuple(facts.viewings),
        leaves=tuple(facts.leaves),
        store_managers=tuple(facts.store_managers),
        area_managers=tuple(facts.area_managers),
    )


# The client and the viewings


def _client(bearing: Bearing) -> rules.Client:
    id = bearing.terms.client
    record = _entered(bearing, id)
    first_id = record.event.duplicate_of or id
    first = record if first_id == id else _entered(bearing, first_id)
    stream = uuid_of(id)
    named = [e for e in bearing.client if isinstance(e.event, client.SeniorNamed) and e.stream == stream]
    return rules.Client(
        client=id,
        recorder=record.event.recorder,
        first=first_id,
        first_recorder=first.event.recorder,
        senior=named[-1].event.senior if named else None,
        evidence=(f"{id}@{record.version}",),
        first_evidence=(f"{first_id}@{first.version}",),
        senior_evidence=(f"{id}@{named[-1].version}",) if named else (),
    )


def _entered(bearing: Bearing, id: str) -> Entry:
    stream = uuid_of(id)
    return next(e for e in bearing.client if isinstance(e.event, client.Entered) and e.stream == stream)


def _viewings(bearing: Bearing) -> tuple[rules.Viewing, ...]:
    shown = bearing.terms.listing
    seen = [e for e in bearing.client if isinstance(e.event, client.Viewed) and e.event.listing == shown]
    return tuple([rules.Viewing(e.event.by, e.event.at, (e.id,)) for e in sorted(seen, key=_position)])


def _first_shown(bearing: Bearing) -> rules.Viewing | None:
    """The first showing of any listing to this person, on whatever record of theirs."""
    seen = sorted((e for e in bearing.client if isinstance(e.event, client.Viewed)), key=_position)
    return rules.Viewing(seen[0].event.by, seen[0].event.at, (seen[0].id,)) if seen else None


# The people


class _People(Mapping[str, rules.Standing]):
    """Everyone's standing at closing, in the order of their ids; of who joined only later (with a late listing), as they joined."""

    def __init__(self, bearing: Bearing) -> None:
        self._bearing = bearing
        self._asked: dict[str, rules.Standing] = {}

    def __getitem__(self, person: str) -> rules.Standing:
        return self._asked[person] if person in self._asked else self._look_up(person)

    def _look_up(self, person: str) -> rules.Standing:
        standing = self._bearing.staff.person(person, self._bearing.cut).standing
        if standing is None:
            raise KeyError(person)
        self._asked[person] = standing
        return standing

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> dict[str, rules.Standing]:
        people = sorted({**self._bearing.around(), **self._bearing.people}.items())
        return {person: known.standing for person, known in people if known.standing is not None}


class _Teams(Mapping[str, str]):
    """Where each team is, in the order of their names: the store of whoever was put into it last."""

    def __init__(self, bearing: Bearing) -> None:
        self._bearing = bearing

    def __getitem__(self, team: str) -> str:
        store = self._bearing.staff.posted(("team", team), self._bearing.cut).store
        if store is None:
            raise KeyError(team)
        return store

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> dict[str, str]:
        staff, cut = self._bearing.staff, self._bearing.cut
        teams = sorted(name for kind, name in self._bearing.places() if kind == "team")
        return {team: store for team in teams if (store := staff.posted(("team", team), cut).store) is not None}


def _leaves(bearing: Bearing) -> tuple[rules.Leave, ...]:
    """Those of the people named, in the order of recording."""
    people = bearing.people.values()
    granted = [(notice.position, notice.leave) for known in people if known.has_leaves for notice in known.within]
    return tuple(leave for _, leave in sorted(granted, key=itemgetter(0)) if leave is not None)


def _store_managers(bearing: Bearing) -> tuple[str, ...]:
    """Of the first-named closer's store, which is none if they are in none."""
    chief = _chief(bearing)
    return _managers("store", chief.standing.store, bearing) if chief.standing is not None and chief.standing.store is not None else ()


def _area_managers(bearing: Bearing) -> tuple[str, ...]:
    """Of the first-named closer's area; those of all areas that have no name, if they are in none."""
    return _managers("area", _chief(bearing).area or "", bearing)


def _chief(bearing: Bearing) -> Known:
    return bearing.staff.person(bearing.terms.closers[0], bearing.cut)


def _managers(kind: Literal["store", "area"], name: str, bearing: Bearing) -> tuple[str, ...]:
    """Who is at the head of a store or an area at closing, in the order of their ids."""
    staff, cut = bearing.staff, bearing.cut
    return tuple(
        sorted(
            person
            for person in staff.posted((kind, name), cut).people
            if (known := staff.person(person, cut)).standing is not None and known.standing.in_post and (kind, name) in _heads(known)
        )
    )


def _heads(known: Known) -> frozenset[Place]:
    """What a person is at the head of."""
    return known.posting.places if known.posting is not None else frozenset()


_position = attrgetter("position")
