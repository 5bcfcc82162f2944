"""A case's company, founded and staffed over REST: head office, an administrator, an auditor, the packs, and the story's people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from deploy.cases.calling import Answer, Positions, Wire
from deploy.cases.packs import PackFile
from deploy.cases.reading import Case, InForce, Record
from shared.entry import new_id, uuid_of

FOUNDED_BEFORE = timedelta(days=1)
SetClock = Callable[[UUID, datetime], Awaitable[None]]


class FoundingFailed(Exception):
    """The company of a case could not be founded or staffed; says which request was refused and how."""


class PackRefused(FoundingFailed):
    """A pack that the company was to be founded under was refused; `line` is where the story names it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class Company:
    """A tenant of the story: its own head office token, administrator and auditor. `name` is None for the only or first one."""

    name: str | None
    id: str
    head_office: str
    administrator: str = ""
    auditor: str = ""
    auditor_id: str = ""

    @property
    def tenant(self) -> UUID:
        return uuid_of(self.id)


@dataclass(slots=True)
class Cast:
    """Who and what the story's names stand for, with each person's token, minted once."""

    wire: Wire
    after: Positions
    companies: dict[str | None, Company] = field(default_factory=dict)
    company_of: dict[str, Company] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)

    def area_of(self, store: str) -> str:
        return self.areas.get(store, self.areas[""])

    async def token(self, person: str) -> str:
        """The person's token, minted from their post when first needed."""
        if person not in self.tokens:
            self.tokens[person] = await minted(self.wire, self.after, person=self.people[person], company=self.company_of[person].id)
        return self.tokens[person]


async def minted(wire: Wire, after: Positions, **asked: object) -> str:
    """A token from the development issuer: of a person in a company, or of head office."""
    answer = await wire.post("/v1/tokens", asked, token=None, after=after)
    return str(_made(answer, f"a token for {asked}")["token"])


async def found(case: Case, wire: Wire, after: Positions, set_clock: SetClock, *, pack: PackFile | None = None) -> Cast:
    """Founds and staffs each company of the case a day before its first step. `pack` takes the place of the case's own."""
    cast = Cast(wire, after)
    founding = case.story[0].at - FOUNDED_BEFORE
    for name in _companies_of(case):
        company = await _founded(wire, after, set_clock, case, name, founding)
        cast.companies[name] = company
        for one in _activations(case, pack, founding):
            await _activate(wire, after, company, one, founding)
    cast.areas = _areas(case)
    for person, post in case.people.items():
        company = cast.companies[_company_of(post)]
        cast.people[person] = await _joined(wire, after, company.administrator, _post_body(post, cast))
        cast.company_of[person] = company
    return cast


def _company_of(post: Record) -> str | None:
    company = post.get("company")
    return None if company is None else str(company)


def _companies_of(case: Case) -> list[str | None]:
    return list(dict.fromkeys(_company_of(post) for post in case.people.values())) or [None]


async def _founded(wire: Wire, after: Positions, set_clock: SetClock, case: Case, name: str | None, founding: datetime) -> Company:
    """The story's clock stands before the first entry is recorded: so the company's id is minted here."""
    id = new_id("cmp")
    await set_clock(uuid_of(id), founding)
    head_office = await minted(wire, after, head_office=True, company=id)
    title = case.id if name is None else f"{case.id} {name}"
    _made(await wire.post("/v1/companies", {"id": id, "name": title}, token=head_office, after=after), "the company")
    company = Company(name, id, head_office)
    administrator = await _joined(wire, after, head_office, {"store": "office", "role": "administrator"})
    company.administrator = await minted(wire, after, person=administrator, company=id)
    company.auditor_id = await _joined(wire, after, company.administrator, {"store": "office", "role": "auditor"})
    company.auditor = await minted(wire, after, person=company.auditor_id, company=id)
    return company


def _activations(case: Case, pack: PackFile | None, founding: datetime) -> list[InForce]:
    """The packs to activate, the earliest first. What another had replaced before the founding is left out: it is never in force."""
    if pack is not None:
        return [InForce(pack, None, None, 1)]
    effective: dict[tuple[str | None, datetime], InForce] = {}
    for one in sorted(case.packs, key=lambda one: one.since or founding):
        effective[one.store, max(one.since or founding, founding)] = one
    return list(effective.values())


async def _activate(wire: Wire, after: Positions, company: Company, one: InForce, founding: datetime) -> None:
    body: dict[str, object] = {"pack": one.pack.document, "from": (one.since or founding).isoformat()}
    if one.store is not None:
        body["store"] = one.store
    answer = await wire.post("/v1/packs:activate", body, token=company.head_office, after=after)
    if answer.code == "pack_invalid":
        raise PackRefused(one.line, f"the pack {one.pack.name} is refused: {answer}")
    _made(answer, f"the pack {one.pack.name}")


def _areas(case: Case) -> dict[str, str]:
    """The area of each store that somebody's post puts into one. All others (the entry "") are in one area that nobody named."""
    named = {str(post["store"]): str(post["area"]) for post in case.people.values() if "area" in post}
    rest = "A0"
    while rest in named.values():
        rest += "0"
    return named | {"": rest}


def _post_body(post: Record, cast: Cast) -> dict[str, object]:
    return {"area": cast.area_of(str(post["store"]))} | {name: value for name, value in post.items() if name != "company"}


async def _joined(wire: Wire, after: Positions, token: str, body: dict[str, object]) -> str:
    answer = await wire.post("/v1/people", {"id": new_id("psn"), **body}, token=token, after=after)
    return str(_made(answer, f"a person ({body.get('role', 'agent')} in {body['store']})")["id"])


def _made(answer: Answer, what: str) -> dict[str, object]:
    if not answer.done or not isinstance(answer.body, dict):
        raise FoundingFailed(f"{what}: {answer}")
    return answer.body
