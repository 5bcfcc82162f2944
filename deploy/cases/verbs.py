"""What a story can say: every verb with its fields, the request it is, and whether a service carries it out yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Noun = Literal["person", "listing", "client", "deal", "dispute"]

PATHS: Mapping[Noun, str] = MappingProxyType({
    "person": "/v1/people", "listing": "/v1/listings", "client": "/v1/clients", "deal": "/v1/deals", "dispute": "/v1/disputes",
})  # fmt: skip
PREFIXES: Mapping[Noun, str] = MappingProxyType({"person": "psn", "listing": "lst", "client": "cli", "deal": "dea", "dispute": "dis"})

ROLES = (
    "agent", "store_manager", "area_manager", "director", "general_manager", "legal_representative", "legal", "finance",
    "personnel", "service_manager", "auditor", "administrator", "hq",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plain:
    """A scalar, by what its field says it is. Fen and counts are whole numbers; `since` is a day (its 0:00) or an instant."""

    what: Literal["text", "fen", "count", "number", "truth", "instant", "day", "since", "points"]


@dataclass(frozen=True, slots=True)
class OneOf:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class New:
    """The name that the step gives to what it makes."""

    noun: Noun


@dataclass(frozen=True, slots=True)
class Named:
    """A reference by name to something made before; a person also to those in post at the start."""

    noun: Noun


@dataclass(frozen=True, slots=True)
class People:
    """Several persons, in order, at least one."""


@dataclass(frozen=True, slots=True)
class Account:
    """In whose name something stands: a person, `team:G1` or `company`."""


@dataclass(frozen=True, slots=True)
class Code:
    """The stable code of a refusal."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Fen by kind of fee, any of FEES."""


@dataclass(frozen=True, slots=True)
class NamedPeople:
    """A person by role of the pack's own."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Adjudicated lines {role, to, amount, credit}."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A policy pack: an id of packs/ or a file beside the story."""


@dataclass(frozen=True, slots=True)
class FollowUpText:
    """The text of one earlier follow-up on the same listing."""


Kind = Plain | OneOf | New | Named | People | Account | Code | Fees | NamedPeople | Lines | Pack | FollowUpText

FEES = ("agency", "information", "bank_rebate", "loan_service", "other")

TEXT, FEN, COUNT, NUMBER = Plain("text"), Plain("fen"), Plain("count"), Plain("number")
TRUTH, INSTANT, DAY, SINCE, POINTS = Plain("truth"), Plain("instant"), Plain("day"), Plain("since"), Plain("points")
PERSON, LISTING, CLIENT, DEAL, DISPUTE = Named("person"), Named("listing"), Named("client"), Named("deal"), Named("dispute")
ACCOUNT, CODE = Account(), Code()
SALE_OR_RENTAL = OneOf(("sale", "rental"))
CHANNELS = OneOf(("phone", "visit", "message", "viewing"))


Fields = Mapping[str, Kind]
NO_FIELDS: Fields = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of a story.

    target: the noun whose id stands in the path, and the field that names it. needed: fields that a story must give. asked:
    fields that a clause asks for, so that a story may leave them out and be refused by that clause. may: fields in brackets.
    new: fields needed when the step makes something with `as` instead of naming a target; a verb that has them takes one of the two.
    """

    name: str
    target: Noun | None = None
    needed: Fields = field(default_factory=dict)
    asked: Fields = field(default_factory=dict)
    may: Fields = field(default_factory=dict)
    new: Fields = field(default_factory=dict)
    path: str | None = None
    new_path: str | None = None
    carried_out: bool = True

    @property
    def fields(self) -> dict[str, Kind]:
        named: dict[str, Kind] = {self.target: Named(self.target)} if self.target else {}
        return named | dict(self.new) | dict(self.needed) | dict(self.asked) | dict(self.may)

    @property
    def makes(self) -> tuple[str, Noun] | None:
        """The field that names what the step makes, and what that is."""
        return next(((name, kind.noun) for name, kind in self.fields.items() if isinstance(kind, New)), None)

    def route(self, target_id: str | None) -> str:
        """The path of the request; target_id is what stands in it, None when the step makes something new."""
        if target_id is None:
            path = self.new_path or self.path
            assert path is not None, f"{self.name} is nothing without a target"
            return path
        assert self.target is not None, f"{self.name} has no target"
        word = self.name.partition(".")[2].replace("_", "-")
        return (self.path or f"{PATHS[self.target]}/{{id}}:{word}").format(id=target_id)


LISTING_FACTS: Fields = MappingProxyType({
    "community": TEXT, "building": TEXT, "unit": TEXT, "room": TEXT, "owner_phone": TEXT, "bedrooms": COUNT, "floor": COUNT,
    "area_m2": NUMBER, "orientation": TEXT, "title_certificate": TRUTH, "decoration": TEXT,
})  # fmt: skip
CLIENT_FACTS: Fields = MappingProxyType({
    "phone": TEXT, "floor": TEXT, "area": TEXT, "orientation": TEXT, "price": TEXT, "needs": TEXT,
})  # fmt: skip
POST: Fields = MappingProxyType({
    "team": TEXT, "role": OneOf(ROLES), "newcomer": TRUTH, "phone": TEXT, "area": TEXT, "company": TEXT,
})  # fmt: skip
REPORTED: Fields = MappingProxyType({"as": New("deal"), "client": CLIENT, "closers": People(), "fees": Fees()})
REPORT_MAY: Fields = MappingProxyType({"listing": LISTING, "kind": SALE_OR_RENTAL, "named": NamedPeople()})


def _on(noun: Noun, word: str, *, needed: Fields = NO_FIELDS, may: Fields = NO_FIELDS, name: str | None = None) -> Verb:
    """An act on one thing: POST /v1/<things>/{id}:<word>."""
    return Verb(name or f"{noun}.{word}", target=noun, needed=needed, may=may)


_VERBS = (
    Verb("person.join", needed={"person": New("person"), "store": TEXT}, may=POST, path="/v1/people"),
    _on("person", "transfer", may={"store": TEXT, "team": TEXT, "role": OneOf(ROLES)}),
    _on("person", "leave", needed={"kind": OneOf(("resigned", "dismissed", "walked_out", "expelled"))}),
    _on("person", "confirm"),
    Verb("leave.grant", target="person", needed={"from": DAY, "to": DAY}, may={"maintainer": PERSON}, path="/v1/people/{id}:grant-leave"),
    Verb(
        "listing.enter", needed={"as": New("listing"), "kind": SALE_OR_RENTAL, "acquired_at": INSTANT}, asked=LISTING_FACTS,
        may={"for": PERSON}, path="/v1/listings",
    ),
    _on("listing", "complete", may=LISTING_FACTS),
    _on(
        "listing", "follow_up", needed={"channel": CHANNELS, "text": TEXT},
        may={"about": OneOf(("key", "exclusive")), "outcome": OneOf(("reached", "unreachable"))},
    ),
    _on("listing", "take_key"),
    _on("listing", "return_key"),
    _on("listing", "sign_exclusive", needed={"until": DAY}),
    _on("listing", "survey", needed={"indoor": COUNT, "indoor_with_agent": COUNT, "outdoor": COUNT}, may={"watermarked": COUNT}),
    _on("listing", "floor_plan", needed={"door": TRUTH, "compass": TRUTH}),
    _on("listing", "conceal"),
    _on("listing", "reveal"),
    _on("listing", "mark", needed={"status": OneOf(("valid", "invalid", "rented", "sold"))}),
    _on("listing", "reassign", needed={"to": ACCOUNT}),
    _on("listing", "find_duplicate", needed={"reason": TEXT}),
    _on(
        "listing", "refute", needed={"what": OneOf(("owner_phone", "core", "follow_up")), "reason": TEXT},
        may={"follow_up": FollowUpText()},
    ),
    Verb(
        "client.enter", needed={"as": New("client"), "kind": OneOf(("buy", "rent")), "acquired_at": INSTANT, "name": TEXT},
        asked=CLIENT_FACTS, may={"for": PERSON}, path="/v1/clients",
    ),
    _on("client", "follow_up", needed={"channel": CHANNELS, "text": TEXT}),
    _on("client", "view", needed={"listing": LISTING, "form": TEXT}),
    _on("client", "name_senior", needed={"senior": PERSON}),
    _on("client", "reassign", needed={"to": ACCOUNT}),
    _on("client", "claim"),
    Verb("deal.report", target="deal", new=REPORTED, may=REPORT_MAY, new_path="/v1/deals"),
    Verb(
        "deal.sign", target="deal", new=REPORTED, needed={"contract": TEXT, "signer": PERSON}, may=REPORT_MAY, new_path="/v1/deals:sign",
    ),
    _on("deal", "attach_listing", needed={"listing": LISTING}),
    _on("deal", "sign_off", needed={"reason": TEXT}),
    _on("deal", "settle"),
    _on("deal", "find_private_dealing", needed={"person": PERSON, "reason": TEXT}),
    _on("deal", "adjudicate", needed={"lines": Lines(), "reason": TEXT}),
    _on("deal", "dispute", needed={"as": New("dispute"), "reason": TEXT}),
    _on(
        "dispute", "rule", needed={"outcome": OneOf(("upheld", "corrected", "rejected")), "reason": TEXT}, may={"lines": Lines()},
        name="deal.rule",
    ),
    _on("deal", "cancel", needed={"reason": TEXT}),
    *(
        Verb(f"mandate.{word}", carried_out=False)
        for word in ("request", "review", "approve", "issue", "receive", "report", "revoke", "ratify")
    ),
    Verb("pack.activate", needed={"pack": Pack(), "from": SINCE}, may={"store": TEXT}, path="/v1/packs:activate"),
    Verb("clock"),
)  # fmt: skip

VERBS: Mapping[str, Verb] = MappingProxyType({verb.name: verb for verb in _VERBS})
