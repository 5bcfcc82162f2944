"""A deal as it stood at closing: the facts that a split rests on."""

from collections.abc import Mapping
from operator import attrgetter

from services.client import events as client
from services.commission import events as own
from services.commission import rules
from services.commission.history.dossier import Bearing
from services.commission.history.holding import listing_at
from services.commission.history.staff import Known, Notice
from services.commission.rules import Facts
from shared.entry import Entry, uuid_of


def as_it_stood(bearing: Bearing, asked: frozenset[str] = frozenset()) -> Facts:
    """The facts of a deal at its closing, by what bears on it; with those that only some packs ask for, if they are asked for."""
    terms, deal = bearing.terms, bearing.deal
    people = _people(bearing)
    return Facts(
        kind=terms.kind,
        closed_at=bearing.cut.instant,
        fees_fen=dict(sorted(terms.fees.items())),
        closers=terms.closers,
        client=_client(bearing),
        listing=listing_at(bearing),
        people=people,
        teams=_teams(bearing),
        viewings=_viewings(bearing),
        leaves=_leaves(bearing.people),
        store_managers=_store_managers(people, people[terms.closers[0]].store),
        area_managers=_area_managers(people, bearing),
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
        evidence=(record.id,),
        first_evidence=(first.id,),
        senior_evidence=(named[-1].id,) if named else (),
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
    people = {notice.person: notice.standing for notice in bearing.around if notice.standing is not None}
    for person, known in bearing.people.items():
        posting = known.posting
        if posting is not None and posting.standing is not None:
            people[person] = posting.standing
    return dict(sorted(people.items()))


def _teams(bearing: Bearing) -> dict[str, str]:
    """Where each team is: the store of whoever was put into it last."""
    notices = [*bearing.around, *(notice for known in bearing.people.values() for notice in known.within)]
    posts = [notice.post for notice in sorted(notices, key=_position)]
    return dict(sorted({post.team: post.store for post in posts if post is not None and post.team and post.store}.items()))


def _leaves(people: Mapping[str, Known]) -> tuple[rules.Leave, ...]:
    granted = [notice for known in people.values() for notice in known.within if notice.leave is not None]
    return tuple(notice.leave for notice in sorted(granted, key=_position) if notice.leave is not None)


def _store_managers(people: Mapping[str, rules.Standing], store: str | None) -> tuple[str, ...]:
    """Who manages a store at closing, in the order of their ids."""
    return tuple(person for person, s in people.items() if s.role == "store_manager" and s.in_post and s.store == store)


def _area_managers(people: Mapping[str, rules.Standing], bearing: Bearing) -> tuple[str, ...]:
    """Who manages the closer's area at closing, in the order of their ids."""
    managers = [person for person, standing in people.items() if standing.role == "area_manager" and standing.in_post]
    if not managers:
        return ()
    area = bearing.people[bearing.terms.closers[0]].area
    around = {notice.person: notice for notice in bearing.around}
    return tuple(person for person in managers if _area(person, bearing.people, around) == area)


def _area(person: str, people: Mapping[str, Known], around: Mapping[str, Notice]) -> str | None:
    if person in people:
        return people[person].area
    post = around[person].post
    return post.area if post is not None else None


_position = attrgetter("position")
