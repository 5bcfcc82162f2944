"""A deal as it stood at closing: the facts that a split rests on."""

from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter

from services.client import events as client
from services.commission import events as own
from services.commission import rules
from services.commission.history.dossier import Bearing
from services.commission.history.holding import listing_at
from services.commission.history.staff import HEADS, Known
from services.commission.rules import Facts
from shared.entry import Entry, uuid_of


def as_it_stood(bearing: Bearing, asked: frozenset[str] = frozenset()) -> Facts:
    """The facts of a deal at its closing, by what bears on it; with those that only some packs ask for, if they are asked for. People and
    teams are in no order."""
    terms, deal = bearing.terms, bearing.deal
    people = _people(bearing)
    heads = _heads(people, bearing)
    return Facts(
        kind=terms.kind,
        closed_at=bearing.cut.instant,
        fees_fen=dict(sorted(terms.fees.items())),
        closers=terms.closers,
        client=_client(bearing),
        listing=listing_at(bearing),
        people=people,
        teams=bearing.around.stores,
        viewings=_viewings(bearing),
        leaves=_leaves(bearing.people),
        store_managers=_store_managers(people, heads, bearing),
        area_managers=_area_managers(people, heads, bearing),
        findings=tuple(rules.Finding(e.event.person, (e.id,)) for e in deal if isinstance(e.event, own.PrivateDealingFound)),
        evidence=tuple(e.id for e in deal if isinstance(e.event, own.Signed | own.Reported)),
        named={each.role: each.person for each in terms.named},
        first_shown=_first_shown(bearing) if "first_shown" in asked else None,
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
    return tuple(rules.Viewing(e.event.by, e.event.at, (e.id,)) for e in sorted(seen, key=_position))


def _first_shown(bearing: Bearing) -> rules.Viewing | None:
    """The first showing of any listing to this person, on whatever record of theirs."""
    seen = sorted((e for e in bearing.client if isinstance(e.event, client.Viewed)), key=_position)
    return rules.Viewing(seen[0].event.by, seen[0].event.at, (seen[0].id,)) if seen else None


# The people


def _people(bearing: Bearing) -> dict[str, rules.Standing]:
    """Everyone's standing at closing; of who joined only later (with a late listing), as they joined."""
    people = dict(bearing.around.standings)
    for person, known in bearing.people.items():
        if known.posting is not None and known.posting.standing is not None:
            people[person] = known.posting.standing
    return people


def _leaves(people: Mapping[str, Known]) -> tuple[rules.Leave, ...]:
    """In the order of recording."""
    granted = [(notice.position, notice.leave) for known in people.values() if known.has_leaves for notice in known.within]
    return tuple(leave for _, leave in sorted(granted, key=itemgetter(0)) if leave is not None)


def _heads(people: Mapping[str, rules.Standing], bearing: Bearing) -> list[str]:
    """Who is at the head of some store or area at closing, in the order of their ids."""
    candidates = [*bearing.around.heads, *(person for person in bearing.people if person not in bearing.around.heads)]
    return sorted([p for p in candidates if p in people and people[p].role in HEADS and people[p].in_post])


def _store_managers(people: Mapping[str, rules.Standing], heads: Sequence[str], bearing: Bearing) -> tuple[str, ...]:
    """Who manages the first-named closer's store at closing."""
    store = people[bearing.terms.closers[0]].store
    return tuple([person for person in heads if people[person].role == "store_manager" and people[person].store == store])


def _area_managers(people: Mapping[str, rules.Standing], heads: Sequence[str], bearing: Bearing) -> tuple[str, ...]:
    """Who manages the first-named closer's area at closing."""
    area = bearing.people[bearing.terms.closers[0]].area

    def area_of(person: str) -> str | None:
        return bearing.people[person].area if person in bearing.people else bearing.around.heads[person].area

    return tuple([person for person in heads if people[person].role == "area_manager" and area_of(person) == area])


_position = attrgetter("position")
