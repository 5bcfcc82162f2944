"""What people do on which day: listings and clients entered, followed up or forgotten, shown, closed; agents who leave."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from deploy.simulating.world import World
from services.client import aggregate as client
from services.commission.aggregate import deal
from services.commission.aggregate.deal import Surroundings
from services.commission.events import Terms
from services.listing import aggregate as listing
from services.listing import rules as listing_rules
from services.listing.events import FollowedUp, House
from shared.calendar import SHANGHAI
from shared.conduct import substance
from shared.entry import Entry, uuid_of
from shared.identity import Post
from shared.regulation import Refused, load
from shared.tenure import holder_at

BEGINS = datetime(2022, 1, 3, 9, tzinfo=SHANGHAI).astimezone(UTC)
WORDS = (
    "owner", "tenant", "price", "weekend", "visit", "morning", "evening", "keys", "lift", "school", "metro", "decoration", "floor", "south",
    "window", "contract", "deposit", "loan", "bank", "firm", "lower", "raise", "moves", "returns", "travels", "agrees", "waits", "asks",
    "wants", "sells", "rents", "shows", "balcony", "kitchen", "parking", "garden", "noise", "quiet", "sunny", "renovated", "furnished",
)  # fmt: skip
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a brokerage: people, listings entered, deals closed, over how many years."""

    agents: int
    listings: int
    deals: int
    years: float
    seed: int


@dataclass(slots=True)
class Brokerage:
    """A world with people in it, and what they are about to do. `steps` tells it as a story would, in the names of `names`."""

    world: World
    size: Size
    names: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    people: dict[str, Step] = field(default_factory=dict)
    agents: list[str] = field(default_factory=list)
    managers: dict[str, str] = field(default_factory=dict)
    settled: int = 0
    refused: int = 0
    _agenda: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)
    _order: Any = field(default_factory=count)
    _open: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, list[tuple[datetime, str, str, str]]] = field(default_factory=dict)

    # Time

    def at(self, when: datetime, act: Callable[..., None], *given: Any) -> None:
        heapq.heappush(self._agenda, (when.replace(microsecond=0), next(self._order), act, given))

    def live(self, progress: Callable[[int], None] = lambda done: None) -> None:
        """Lets everything happen, in order. What a clause refuses does not happen."""
        done = 0
        while self._agenda:
            when, _, act, given = heapq.heappop(self._agenda)
            self.world.now = max(when, self.world.now)
            try:
                act(*given)
            except Refused:
                self.refused += 1
            done += 1
            if done % 1000 == 0:
                progress(done)

    def days(self, low: float, high: float) -> timedelta:
        return timedelta(seconds=int(self.world.rng.uniform(low, high) * 86_400))

    def tell(self, by: str, verb: str, **fields: Any) -> None:
        self.steps.append({"at": self.world.now, "by": self.names[by], "do": verb, **fields})

    def name(self, id: str, letter: str) -> str:
        self._numbers[letter] = self._numbers.get(letter, 0) + 1
        self.names[id] = f"{letter}{self._numbers[letter]}"
        return self.names[id]

    # People

    def staff(self) -> None:
        """Twenty agents to a store in two teams, a manager each, and who is beside the line."""
        administrator = self.world.join(store="office", role="administrator")
        self.world.join(by=self.world.caller(administrator), store="office", role="auditor")
        stores = max(1, self.size.agents // 20)
        for number in range(1, stores + 1):
            self.managers[f"S{number}"] = self._hire(administrator, "M", store=f"S{number}", role="store_manager")
        self.managers["personnel"] = self._hire(administrator, "PE", store="S1", role="personnel")
        for number in range(self.size.agents):
            store = number % stores + 1
            newcomer = self.world.rng.random() < 0.05
            team = f"G{store}{'ab'[number // stores % 2]}"
            self.agents.append(self._hire(administrator, "P", store=f"S{store}", team=team, role="agent", newcomer=newcomer))

    def _hire(self, administrator: str, letter: str, **post: Any) -> str:
        person = self.world.join(by=self.world.caller(administrator), area="A0", **post)
        self.people[self.name(person, letter)] = {key: value for key, value in post.items() if value not in (False, "agent")}
        return person

    def _someone(self) -> str:
        return self.world.rng.choice(self.agents)

    # Listings

    def enter_listing(self) -> None:
        world, rng = self.world, self.world.rng
        by, id = self._someone(), world.new_id("lst")
        kind = "rental" if rng.random() < 0.3 else "sale"
        house = House(
            community=f"Court {rng.randrange(400)}", building=str(rng.randrange(1, 40)), unit=str(rng.randrange(1, 7)),
            room=f"{rng.randrange(1, 30):02}{rng.randrange(1, 5):02}", bedrooms=rng.randrange(1, 5), floor=rng.randrange(1, 30),
            orientation="south", title_certificate=True, decoration="plain",
        )  # fmt: skip
        acquired = world.now - timedelta(minutes=90 if rng.random() < 0.05 else 20)
        key = listing_rules.room_key(kind, house)
        phone = f"139{len(self._open) + self._numbers.get('L', 0):08}"
        facts = {"kind": kind, "house": house, "owner": world.new_id("cnt"), "owner_is_agents": False, "acquired_at": acquired}
        recorder, original = world.posts[by], world.claimant("listing", "room", key)
        self._do(id, listing.enter, by, recorder=recorder, original=original, ground=world.ground, **facts)
        told = {name: getattr(house, name) for name in House.__struct_fields__} | {"owner_phone": phone}
        self.tell(by, "listing.enter", **{"as": self.name(id, "L")}, kind=kind, acquired_at=acquired, **told)
        self._open.append(id)
        self.at(world.now + self.days(2, 9), self.follow_up, id, 6)
        if rng.random() < 0.4:
            self.at(world.now + self.days(0.1, 5), self.take_key, id)
        if kind == "sale" and rng.random() < 0.1:
            self.at(world.now + self.days(0.1, 5), self.sign_exclusive, id)

    def follow_up(self, id: str, left: int) -> None:
        """Its holder writes, mostly in time, sometimes too late; of a public one sometimes a member of the team."""
        holder = holder_at(self.world.states[id].stands, self.world.now)
        if left and self.world.states[id].deal is None:
            self.at(self.world.now + self.days(3, 12), self.follow_up, id, left - 1)
        if holder.startswith("psn_") and self.world.posts[holder].in_post:
            self._write(id, holder, None)

    def _write(self, id: str, by: str, about: str | None) -> None:
        world = self.world
        text = " ".join(world.rng.choices(WORDS, k=world.rng.randrange(6, 12)))
        since = listing_rules.canned_since(world.pack_of(by), world.now)
        alike = self._alike(world.posts[by], id, since)
        facts = {"channel": "phone", "text": text, "about": about, "outcome": None, "alike": alike}
        entry = self._do(id, listing.follow_up, by, ground=world.ground, **facts)[0]
        if isinstance(entry.event, FollowedUp) and entry.event.team is not None:
            self._texts.setdefault(entry.event.team, []).append((world.now, id, entry.id, substance(text)))
        self.tell(by, "listing.follow_up", listing=self.names[id], channel="phone", text=text, **({"about": about} if about else {}))

    def _alike(self, post: Post, id: str, since: datetime | None) -> list[tuple[str, str]]:
        if post.team is None or since is None:
            return []
        texts = self._texts.get(post.team, [])
        while texts and texts[0][0] < since:
            texts.pop(0)
        return [(entry, text) for _, listing_id, entry, text in reversed(texts) if listing_id != id][:1000]

    def take_key(self, id: str) -> None:
        by = self._someone()
        self._do(id, listing.take_key, by)
        self.tell(by, "listing.take_key", listing=self.names[id])
        if self.world.rng.random() < 0.85:
            self.at(self.world.now + timedelta(minutes=5), self._write, id, by, "key")
        if self.world.rng.random() < 0.15:
            self.at(self.world.now + self.days(1, 20), self.return_key, id, by)

    def return_key(self, id: str, by: str) -> None:
        self._do(id, listing.return_key, by)
        self.tell(by, "listing.return_key", listing=self.names[id])

    def sign_exclusive(self, id: str) -> None:
        by, until = self._someone(), (self.world.now + timedelta(days=90)).date()
        self._do(id, listing.sign_exclusive, by, until=until)
        self.tell(by, "listing.sign_exclusive", listing=self.names[id], until=until)
        if self.world.rng.random() < 0.85:
            self.at(self.world.now + timedelta(minutes=5), self._write, id, by, "exclusive")

    # Clients and deals

    def enter_client(self) -> str:
        world = self.world
        by, id = self._someone(), world.new_id("cli")
        given = {"floor": "any", "area": "80-100", "orientation": "south", "price": "2000000", "needs": "none"}
        phone = f"137{self._numbers.get('C', 0):08}"
        acquired = world.now - timedelta(minutes=15)
        facts = {"kind": "buy", "contact": world.new_id("cnt"), "given": {**given, "phone": phone}, "acquired_at": acquired}
        self._do(id, client.enter, by, recorder=world.posts[by], first=None, duplicates=0, ground=world.ground, **facts)
        told = {"as": self.name(id, "C"), "name": "Client", "phone": phone}
        self.tell(by, "client.enter", kind="buy", acquired_at=acquired, **told, **given)
        return id

    def view(self, client_id: str, id: str, by: str) -> None:
        world = self.world
        form = f"V-{len(world.logs['client'])}"
        facts = {"client_id": client_id, "listing": id, "is_correct": True, "form": form, "form_used": None}
        entry = self._do(client_id, client.view, by, ground=world.ground, **facts)[0]
        first = world.states[client_id].first or client_id
        world.shown.setdefault((id, first), set()).add(by)
        world.react(entry, id, listing.show, by=world.posts[by], client=first, viewing=entry.id, ground=world.ground)
        self.tell(by, "client.view", client=self.names[client_id], listing=self.names[id], form=form)

    def begin_deal(self) -> None:
        """A client comes, is shown one of the open listings, and closes some days later."""
        if not self._open:
            return
        place = self.world.rng.randrange(len(self._open))
        self._open[place], self._open[-1] = self._open[-1], self._open[place]
        id = self._open.pop()
        client_id = self.enter_client()
        closers = [self._someone()]
        if self.world.rng.random() < 0.25 and (other := self._someone()) not in closers:
            closers.append(other)
        for number, closer in enumerate(closers):
            if len(closers) > 1 or self.world.rng.random() < 0.7:
                self.at(self.world.now + timedelta(hours=2 + number), self.view, client_id, id, closer)
        self.at(self.world.now + self.days(0.3, 4), self.report, id, client_id, tuple(closers))

    def report(self, id: str, client_id: str, closers: tuple[str, ...]) -> None:
        world, rng = self.world, self.world.rng
        deal_id, agency = world.new_id("dea"), rng.randrange(500_000, 6_000_000)
        fees = {"agency": agency, **({"information": rng.randrange(1, 90_000)} if rng.random() < 0.2 else {})}
        terms = Terms(id, client_id, closers, fees, "sale", None)
        shown = frozenset(world.shown.get((id, world.states[client_id].first or client_id), ()))
        claimed = world.claimant("commission", "open_deal", id)
        around = Surroundings(world.states[id].kind, world.states[id].correct, True, shown, claimed)
        entry = self._do(deal_id, deal.report, closers[0], terms=terms, around=around, ground=world.ground)[0]
        for target, decide in ((id, listing.stop_terms), (client_id, client.stop_terms)):
            world.react(entry, target, decide, deal=deal_id)
        told = {"as": self.name(deal_id, "D"), "listing": self.names[id], "client": self.names[client_id]}
        self.tell(closers[0], "deal.report", **told, closers=[self.names[c] for c in closers], fees=fees)
        self.at(world.now + self.days(1, 10), self.settle, deal_id)

    def settle(self, deal_id: str) -> None:
        world = self.world
        terms = world.states[deal_id].terms
        by, closers = self.managers[terms.store], [world.posts[closer] for closer in terms.closers]
        self._do(deal_id, deal.settle, by, closers=closers, judged=world.judged(deal_id))
        self.tell(by, "deal.settle", deal=self.names[deal_id])
        self.settled += 1

    def leave(self) -> None:
        if len(self.agents) <= 2:
            return
        person = self._someone()
        self.agents.remove(person)
        self.world.leave(person, by=self.managers["personnel"])
        self.tell(self.managers["personnel"], "person.leave", person=self.names[person], kind="resigned")

    def _do(self, id: str, decide: Callable[..., Any], by: str, **facts: Any) -> list[Entry]:
        return self.world.act(id, _by(decide, self.world.caller(by)), by=by, **facts)


def _by(decide: Callable[..., Any], caller: Any) -> Callable[..., Any]:
    def decided(*state: Any, **facts: Any) -> Any:
        return decide(*state, by=caller, **facts)

    return decided


def simulated(
    size: Size, *, pack: Mapping[str, Any] | None = None, behind: int = 0, progress: Callable[[int], None] = lambda done: None
) -> Brokerage:
    """A brokerage of this size with all its history; in each log behind position `behind`."""
    world = World(size.seed, BEGINS - timedelta(days=1), behind)
    brokerage = Brokerage(world, size)
    world.found(dict(pack) if pack is not None else load(Path(__file__).parents[2] / "packs" / "A.yaml").document)
    brokerage.staff()
    span = timedelta(days=365 * size.years)
    begun = ((brokerage.enter_listing, size.listings), (brokerage.begin_deal, size.deals), (brokerage.leave, size.agents // 10))
    for acts, how_often in begun:
        for _ in range(how_often):
            brokerage.at(BEGINS + span * world.rng.random(), acts)
    brokerage.live(progress)
    return brokerage


def rows(world: World, service: str) -> Iterator[tuple[Any, ...]]:
    """A log as the table takes it."""
    for e in world.logs[service]:
        yield e.position, e.tenant, e.stream, e.version, e.type, e.data, msgspec.json.encode(e.meta).decode(), e.at, e.recorded_at


def journal_rows(world: World, source: str) -> Iterator[tuple[Any, ...]]:
    """A log as commission's journal keeps it."""
    for e in world.logs[source]:
        yield source, e.position, e.tenant, e.stream, e.version, e.type, e.data, msgspec.json.encode(e.meta), e.at, e.recorded_at


def claim_rows(world: World, service: str) -> list[tuple[Any, ...]]:
    return [
        (uuid_of(world.company), kind, key, claimant.stream, claimant.by or "", claimant.recorded_at)
        for (owner, kind, key), claimant in world.claims.items()
        if owner == service
    ]
