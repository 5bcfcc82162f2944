"""The one table of who may do what, and the one function that reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

import msgspec

from shared.identity.people import BESIDE, LINE, Caller, Post, Role
from shared.regulation import Refused


class Reach(StrEnum):
    """Of whose affairs an act may be done; those higher in the line reach what is below them, nothing beside."""

    OWN = "own"  # what one holds, recorded or is party to
    ANY = "any"  # anything of the company
    STORE = "store"
    AREA = "area"
    COMPANY = "company"


class Act(msgspec.Struct, frozen=True):
    """One row of *Who may do what*: the lowest role of the line, the roles beside the line, the reach.

    `impartial`: never by a party to the deal or the violation. Roles beside the line reach the whole company, but for `own` acts that
    are not reads.
    """

    reach: Reach
    lowest: Role | None = None
    beside: frozenset[Role] = frozenset()
    impartial: bool = False
    reads: bool = False


def _acts(names: str, act: Act) -> dict[str, Act]:
    return dict.fromkeys(names.split(), act)


def _reads(reach: Reach, *beside: Role) -> Act:
    return Act(reach, "agent", frozenset({"auditor", "legal_representative", *beside}), reads=True)


ACTS: Final[dict[str, Act]] = {
    **_acts(
        "listing.enter listing.follow_up listing.take_key listing.return_key listing.sign_exclusive listing.upload_photo listing.survey"
        " listing.floor_plan listing.mark client.enter client.follow_up client.view client.claim mandate.request",
        Act(Reach.ANY, "agent"),
    ),
    **_acts("listing.complete listing.conceal listing.reveal", Act(Reach.OWN, "agent")),
    **_acts(
        "client.amend client.set_level client.plan client.hand_over client.reopen client.report_loss client.add_contact"
        " client.remove_contact client.tell_successor visit.reply visit.link",
        Act(Reach.OWN, "agent"),
    ),
    **_acts("visit.register", Act(Reach.ANY, "agent", frozenset({"service_manager"}))),
    **_acts("client.mark_important", Act(Reach.STORE, "store_manager")),
    **_acts("client.check client.accept_loss client.return_loss client.excuse", Act(Reach.STORE, "store_manager", impartial=True)),
    **_acts(
        "deal.report deal.sign deal.attach_listing deal.dispute dispute.state dispute.file_exhibit dispute.appeal",
        Act(Reach.OWN, "agent"),
    ),
    **_acts(
        "listing.enter_for client.enter_for listing.reassign listing.refute listing.find_duplicate listing.find_watermark"
        " client.reassign client.name_senior leave.grant deal.find_private_dealing deal.cancel",
        Act(Reach.STORE, "store_manager"),
    ),
    **_acts("deal.settle", Act(Reach.STORE, "store_manager", impartial=True)),
    **_acts("deal.sign_off", Act(Reach.AREA, "area_manager")),
    **_acts("deal.rule", Act(Reach.AREA, "area_manager", impartial=True)),
    **_acts("violation.propose", Act(Reach.STORE, "store_manager")),
    **_acts("violation.confirm violation.drop", Act(Reach.STORE, "store_manager", impartial=True)),
    **_acts("violation.decide_appeal", Act(Reach.AREA, "area_manager", impartial=True)),
    **_acts("violation.appeal", Act(Reach.OWN, "agent", BESIDE - {"hq"})),
    **_acts("deal.adjudicate deal.rule_second", Act(Reach.COMPANY, "general_manager", impartial=True)),
    **_acts("deal.cancel_settled", Act(Reach.COMPANY, "general_manager")),
    **_acts("pack.activate", Act(Reach.COMPANY, "general_manager", frozenset({"hq"}))),
    **_acts(
        "grade.enter_figures grade.record_late_payment grade.withdraw_late_payment",
        Act(Reach.COMPANY, "general_manager", frozenset({"service_manager", "finance"})),
    ),
    **_acts("grading.draft grading.withdraw", Act(Reach.COMPANY, "general_manager", frozenset({"service_manager"}))),
    **_acts("grading.confirm", Act(Reach.COMPANY, "general_manager", frozenset({"service_manager"}), impartial=True)),
    **_acts("complaint.register", Act(Reach.ANY, "agent", BESIDE - {"hq"})),
    **_acts(
        "complaint.assign complaint.close complaint.reopen",
        Act(Reach.STORE, "store_manager", frozenset({"service_manager"}), impartial=True),
    ),
    **_acts("complaint.answer", Act(Reach.OWN, "agent", BESIDE - {"hq"}, impartial=True)),
    **_acts("leave.approve", Act(Reach.COMPANY, None, frozenset({"personnel"}), impartial=True)),
    **_acts("company.found", Act(Reach.COMPANY, None, frozenset({"hq"}))),
    **_acts("person.join", Act(Reach.COMPANY, None, frozenset({"personnel", "administrator", "hq"}))),
    **_acts("person.transfer person.leave person.confirm", Act(Reach.COMPANY, None, frozenset({"personnel"}))),
    **_acts("mandate.review mandate.issue", Act(Reach.COMPANY, None, frozenset({"legal"}))),
    **_acts("mandate.approve", Act(Reach.COMPANY, "general_manager")),
    **_acts("mandate.receive mandate.report", Act(Reach.OWN, "agent", BESIDE - {"hq"})),
    **_acts("mandate.revoke mandate.ratify", Act(Reach.COMPANY, "general_manager", frozenset({"legal_representative"}))),
    **_acts("listing.read", _reads(Reach.ANY)),
    **_acts("visit.read", _reads(Reach.OWN, "service_manager")),
    **_acts("listing.read_concealed client.read deal.read dispute.read dispute.what_if violation.read", _reads(Reach.OWN)),
    **_acts("precedent.read", _reads(Reach.ANY, "legal")),
    **_acts("grade.read", _reads(Reach.OWN, "service_manager", "finance")),
    **_acts("complaint.read", _reads(Reach.OWN, "service_manager")),
    **_acts(
        "grading.read",
        Act(Reach.COMPANY, "general_manager", frozenset({"service_manager", "finance", "auditor", "legal_representative"}), reads=True),
    ),
    **_acts("leave.read", _reads(Reach.OWN, "personnel")),
    **_acts("statement.read", _reads(Reach.OWN, "finance")),
    **_acts("suspect.read", Act(Reach.STORE, "store_manager", frozenset({"auditor", "legal_representative"}))),
    **_acts("agenda.read deal.preview", Act(Reach.ANY, "agent")),
    **_acts("person.read mandate.read", _reads(Reach.ANY, "personnel", "administrator", "legal")),
    **_acts("pack.read company.read enums.read", _reads(Reach.ANY, *BESIDE)),
}
"""Names are the verbs of the cases; reads end in `.read`. `deal.cancel` is of a deal not settled yet, `deal.rule` the first instance.
What the table leaves open is read thus: cancelling before settlement, finding duplicates and answering a proposed violation are the
store manager's, an appeal the next higher rank's."""

OPEN: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/problems/{code}"),
        ("POST", "/v1/tokens"),
        ("GET", "/internal/feed"),
        ("GET", "/internal/standing"),
        ("POST", "/internal/contacts"),
        ("GET", "/internal/openapi.json"),
        ("GET", "/internal/parked"),
        ("POST", "/internal/parked:again"),
    }
)
"""Routes that stand in no row because no person calls them, or anyone may; those under /internal ask for the services' own secret."""


def may(
    caller: Caller,
    act: str,
    *,
    own: bool = False,
    stores: Collection[str | None] = (),
    areas: Collection[str | None] = (),
    over: Iterable[Post | None] = (),
) -> bool:
    """Whether the table lets this caller do it. `own`: the caller holds it, recorded it or is party to it. `over`: the posts of those
    whose affair it is (holder, recorder, closer); their stores and areas count like `stores` and `areas`."""
    row, posts = ACTS[act], [post for post in over if post]
    if not caller.post.in_post:
        return False
    if caller.post.role in row.beside:
        return row.reads or row.reach is not Reach.OWN or own
    if row.lowest is None or caller.post.role not in LINE or LINE.index(caller.post.role) < LINE.index(row.lowest):
        return False
    return (
        row.reach is Reach.ANY
        or (row.reach is Reach.OWN and own)
        or _is_below(caller.post, {*stores, *(post.store for post in posts)}, {*areas, *(post.area for post in posts)})
    )


def could(caller: Caller, act: str) -> bool:
    """Whether there is anything at all of which this caller may do it: what can be said before anything is looked up."""
    row, role = ACTS[act], caller.post.role
    in_line = row.lowest is not None and role in LINE and LINE.index(role) >= LINE.index(row.lowest)
    return caller.post.in_post and (in_line or role in row.beside)


def forbidden(caller: Caller, act: str) -> Refused:
    """The refusal of an act, with what would be needed: a higher `role`, one `beside` the line, or that it be one's own or below one."""
    row = ACTS[act]
    if not caller.post.in_post:
        return Refused("forbidden", act=act, whose="in_post")
    if could(caller, act):
        return Refused("forbidden", act=act, whose="own" if row.reach is Reach.OWN else "below")
    if row.lowest is not None:
        return Refused("forbidden", act=act, role=row.lowest)
    return Refused("forbidden", act=act, beside=sorted(row.beside))


def _is_below(post: Post, stores: Collection[str | None], areas: Collection[str | None]) -> bool:
    """O: a manager's authority covers what is below, nothing beside."""
    match post.role:
        case "store_manager":
            return post.store is not None and post.store in stores
        case "area_manager":
            return (post.area is not None and post.area in areas) or (post.store is not None and post.store in stores)
        case "director" | "general_manager":
            return True
        case _:
            return False


def allow(
    caller: Caller,
    act: str,
    *,
    own: bool = False,
    stores: Collection[str | None] = (),
    areas: Collection[str | None] = (),
    over: Iterable[Post | None] = (),
    party: bool = False,
    above: Iterable[str] = (),
) -> None:
    """Refuses `forbidden` unless `may`, `conflict_of_interest` where a party would decide their own case, and `forbidden` again for who
    is not higher in the line than all the ranks `above` which the act has to be decided."""
    if not may(caller, act, own=own, stores=stores, areas=areas, over=over):
        raise forbidden(caller, act)
    if party and ACTS[act].impartial:
        raise Refused("conflict_of_interest", act=act)
    highest = max((LINE.index(role) for role in LINE if role in set(above)), default=-1)
    if highest >= 0 and (caller.post.role not in LINE or LINE.index(caller.post.role) <= highest):
        raise Refused("forbidden", act=act, role=next(iter(LINE[highest + 1 :]), None))
