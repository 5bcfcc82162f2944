"""What came of a story, in the shape of `expect` and with the story's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from deploy.cases.calling import Answer, Positions, Wire
from deploy.cases.founding import Cast, Company
from deploy.cases.reading import Record
from deploy.cases.scalars import SHANGHAI
from deploy.cases.verbs import PATHS, Noun

EVIDENCE_WITHIN_S = 15.0
_PAGE = "200"


class Unreadable(Exception):
    """Something that the story made could not be read by its company's auditor."""


@dataclass(frozen=True, slots=True)
class Outcome:
    deals: dict[str, Record] = field(default_factory=dict)
    listings: dict[str, Record] = field(default_factory=dict)
    clients: dict[str, Record] = field(default_factory=dict)
    violations: tuple[Record, ...] = ()


async def came_of(wire: Wire, after: Positions, ids: Mapping[tuple[Noun, str], str], owners: Mapping[str, Company], cast: Cast) -> Outcome:
    """Reads listings and clients first: their answers say how far those services have come, and the deals are read after that."""
    names = _Names(ids, cast)
    bodies: dict[tuple[Noun, str], dict[str, Any]] = {}
    for noun in ("listing", "client", "deal"):
        for (made, name), id in ids.items():
            if made == noun:
                path, token = f"{PATHS[noun]}/{id}", owners[id].auditor
                answer = await wire.get_when(path, _is_final, within_s=EVIDENCE_WITHIN_S, token=token, after=after)
                bodies[noun, name] = _read(answer, f"{noun} {name}")
    violations: list[Record] = []
    for company in cast.companies.values():
        violations += [names.violation(body) for body in await _violations(wire, after, company)]
    return Outcome(
        deals={name: names.deal(body) for (noun, name), body in bodies.items() if noun == "deal"},
        listings={name: names.listing(body) for (noun, name), body in bodies.items() if noun == "listing"},
        clients={name: names.client(body) for (noun, name), body in bodies.items() if noun == "client"},
        violations=tuple(violations),
    )


def _is_final(answer: Answer) -> bool:
    """Not a settlement that waits for a service which is only just coming back."""
    return not (isinstance(answer.body, dict) and answer.body.get("state") == "awaiting_evidence")


def _read(answer: Answer, what: str) -> dict[str, Any]:
    if not answer.done or not isinstance(answer.body, dict):
        raise Unreadable(f"{what} cannot be read: {answer}")
    return answer.body


async def _violations(wire: Wire, after: Positions, company: Company) -> list[dict[str, Any]]:
    """All violations of a company, page by page."""
    found: list[dict[str, Any]] = []
    query = {"limit": _PAGE}
    while True:
        page = _read(await wire.get("/v1/violations", token=company.auditor, after=after, query=query), "the violations")
        found += page["data"]
        if not page.get("has_more"):
            return found
        query = {"limit": _PAGE, "cursor": page["next_cursor"]}


class _Names:
    """Ids of the stack back to names of the story. An id that the story never named stays as it is."""

    def __init__(self, ids: Mapping[tuple[Noun, str], str], cast: Cast) -> None:
        self._names = {id: name for (_, name), id in ids.items()} | {id: name for name, id in cast.people.items()}

    def name(self, id: object) -> str:
        return self._names.get(str(id), str(id))

    def deal(self, body: dict[str, Any]) -> Record:
        deal: Record = {"state": body["state"]}
        if body.get("closing_time") is not None:
            deal["closing_time"] = datetime.fromisoformat(body["closing_time"]).astimezone(SHANGHAI)
        if body.get("base") is not None:
            deal["base"] = _fen(body["base"])
        deal["lines"] = tuple(self.line(line) for line in body.get("lines") or ())
        deal["net"] = {self.name(one["to"]): fen for one in body.get("net") or () if (fen := _fen(one["amount"]))}
        deal["notes"] = tuple(sorted(body.get("notes") or ()))
        return deal

    def line(self, line: dict[str, Any]) -> Record:
        return {
            "role": line["role"],
            "to": self.name(line["to"]),
            "points": Fraction(str(line["points"])),
            "amount": _fen(line["amount"]),
            "credit": line["credit"],
        }

    def listing(self, body: dict[str, Any]) -> Record:
        listing: Record = {"holder": self.name(body["holder"]), "recorder": self.name(body["recorder"])}
        return listing | {name: body[name] for name in ("concealed", "room", "status", "correct") if body.get(name) is not None}

    def client(self, body: dict[str, Any]) -> Record:
        client: Record = {"holder": self.name(body["holder"])}
        if body.get("duplicate_of") is not None:
            client |= {"duplicate_of": self.name(body["duplicate_of"]), "duplicate_number": body["duplicate_number"]}
        return client

    def violation(self, body: dict[str, Any]) -> Record:
        violation: Record = {"clause": body["clause"], "kind": body["kind"], "person": self.name(body["person"])}
        if body.get("fine") is not None:
            violation["fine"] = _fen(body["fine"])
        if body.get("dismissal"):
            violation["dismissal"] = True
        return violation


def _fen(money: dict[str, Any]) -> int:
    assert money["currency"] == "CNY", "a story is told in fen of the yuan"
    return int(money["amount"])
