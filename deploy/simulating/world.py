"""Four logs in memory, in which the services' decisions and reactions take place, one act after another."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.authz import aggregate as authz
from services.authz.events import CODEC as AUTHZ
from services.client import aggregate as client
from services.client.events import CODEC as CLIENT
from services.commission import history
from services.commission.aggregate import book, deal
from services.commission.events import CODEC as COMMISSION
from services.commission.events import Activated, Cut, Settlement
from services.listing import aggregate as listing
from services.listing.events import CODEC as LISTING
from shared.entry import Codec, Entry, Meta, id_of, uuid_of
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post, at_company
from shared.regulation import Activation, Pack, in_force, load
from shared.tenure import Ground

Evolve = Callable[[Any, Any], Any]
Claims = Callable[[Any, Any], Iterable[Claim]]
NO_CLAIMS: Claims = lambda state, event: ()  # noqa: E731


@dataclass(frozen=True, slots=True)
class Kind:
    """A category of streams: whose it is, and how its events work."""

    codec: Codec
    evolve: Evolve
    claims: Claims = NO_CLAIMS


KINDS = {
    "cmp": Kind(AUTHZ, authz.evolve_company),
    "psn": Kind(AUTHZ, authz.evolve),
    "pck": Kind(COMMISSION, book.evolve),
    "dea": Kind(COMMISSION, deal.evolve, deal.claims_of),
    "lst": Kind(LISTING, listing.evolve, listing.claims_of),
    "cli": Kind(CLIENT, client.evolve, client.claims_of),
}


@dataclass(slots=True)
class World:
    """A company and all that its people did. `now` only moves forward; what is decided at one instant keeps its order. In each log its
    entries stand behind position `behind`, where other companies may have theirs."""

    seed: int
    now: datetime
    behind: int = 0
    logs: dict[str, list[Entry]] = field(default_factory=lambda: {kind.codec.service: [] for kind in KINDS.values()})
    streams: dict[str, list[Entry]] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    claims: dict[tuple[str, str, str], Claimant] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    staff: history.Staff = field(default_factory=history.Staff)
    activations: tuple[Activation, ...] = ()
    shown: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    rng: random.Random = field(init=False)
    company: str = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311  chance for a simulation, no secret
        self.company = self.new_id("cmp")

    @property
    def tenant(self) -> UUID:
        return uuid_of(self.company)

    def new_id(self, prefix: str) -> str:
        """An id of this moment whose random part comes from the seed."""
        number = int(self.now.timestamp() * 1000) << 80 | 0x7 << 76 | self.rng.getrandbits(12) << 64 | 0b10 << 62 | self.rng.getrandbits(62)
        return id_of(prefix, UUID(int=number))

    def caller(self, person: str) -> Caller:
        return Caller(person, self.tenant, self.posts[person])

    @property
    def head_office(self) -> Caller:
        return at_company(self.tenant)

    @property
    def ground(self) -> Ground:
        return Ground(self.posts, self.activations)

    def pack_of(self, person: str) -> Pack:
        return self.ground.pack_of(person, self.now)

    def claimant(self, service: str, kind: str, key: str) -> Claimant | None:
        return self.claims.get((service, kind, key))

    def act(self, id: str, decide: Callable[..., Sequence[Any]], *, by: str, **facts: Any) -> list[Entry]:
        """A decision on a stream, begun if it is new; its entries. Refused as the services refuse."""
        state = self.states.get(id)
        events = decide(at=self.now, **facts) if state is None else decide(state, at=self.now, **facts)
        return [self.record(id, event, by=by) for event in events]

    def react(self, cause: Entry, id: str, decide: Callable[..., Sequence[Any]], **facts: Any) -> None:
        """What another service does on account of an entry: it counts from then."""
        for event in decide(self.states[id], at=cause.effective_at, **facts):
            self.record(id, event, by=cause.meta.by, cause=cause)

    def record(self, id: str, event: Any, *, by: str | None, cause: Entry | None = None) -> Entry:
        """Puts an event in its place: log, stream, state, claims."""
        kind = KINDS[id[:3]]
        service = kind.codec.service
        log, stream, state = self.logs[service], self.streams.setdefault(id, []), self.states.get(id)
        type, data = kind.codec.encode(event)
        meta = Meta(by=by, causation=None if cause is None else cause.id)
        position, version = self.behind + len(log) + 1, len(stream) + 1
        entry = Entry(service, position, self.tenant, uuid_of(id), version, type, event, data, meta, event.at, self.now)
        for claim in kind.claims(state, event):
            self._claim(service, claim, entry)
        self.states[id] = kind.evolve(state, event)
        log.append(entry)
        stream.append(entry)
        if id.startswith("psn_"):
            self.staff.take(entry)
        return entry

    def _claim(self, service: str, claim: Claim, entry: Entry) -> None:
        place = (service, claim.kind, claim.key)
        if claim.release:
            self.claims.pop(place, None)
        else:
            assert place not in self.claims, "the decision saw who had claimed it"
            self.claims[place] = Claimant(entry.stream, entry.meta.by, entry.recorded_at)

    # The company

    def found(self, pack: dict[str, Any]) -> None:
        for event in authz.found(by=self.head_office, name=f"simulated {self.seed}", at=self.now):
            self.record(self.company, event, by="hq")
        self.activate(pack, self.now)

    def activate(self, document: dict[str, Any], start: datetime) -> None:
        pack = load(document)
        shelf = id_of("pck", self.tenant)
        state = self.states.get(shelf)
        events = book.activate(state, by=self.head_office, pack=pack, store=None, start=start, at=self.now)
        for event in events:
            self.record(shelf, event, by="hq")
            assert isinstance(event, Activated), "a book of packs tells of activations only"
            self.activations = (*self.activations, Activation(pack, event.start, event.store))

    def join(self, *, by: Caller | None = None, **post: Any) -> str:
        person = self.new_id("psn")
        joiner = by or self.head_office
        for event in authz.join(by=joiner, post=Post(person, **post), at=self.now):
            self.record(person, event, by=joiner.person)
        self._take_post(self.states[person].post)
        return person

    def leave(self, person: str, *, by: str) -> None:
        """A departure, and what the other services do on account of it."""
        left = authz.leave(self.states[person], by=self.caller(by), kind="resigned", at=self.now)
        entries = [self.record(person, event, by=by) for event in left]
        self._take_post(self.states[person].post)
        for cause in entries:
            for id in [id for id, state in self.states.items() if id[:3] in ("lst", "cli") and state.stands[0].holder == person]:
                self.react(cause, id, listing.leave_behind if id.startswith("lst") else client.leave_behind, person=person)

    def _take_post(self, post: Post) -> None:
        self.posts[post.person] = post
        if post.team is not None:
            account = f"team:{post.team}"
            self.posts[account] = Post(person=account, store=post.store, team=post.team, area=post.area)

    # Deals

    def judged(self, id: str) -> Settlement:
        """A deal as it stood at closing, judged from these logs."""
        own = self.streams[id]
        closing, terms = history.closing_of(own), history.terms_of(own)
        first = self.states[terms.client].first or terms.client
        records = [*self.streams[first], *(self.streams[terms.client] if first != terms.client else ())]
        dossier = history.Dossier(history.before_settlement(own), self.streams.get(terms.listing or "", ()), records, self.staff)
        pack = in_force(self.activations, history.closing_store_of(dossier, closing), closing)
        positions = {service: self._last_at(service, closing) for service in sorted(self.logs)}
        positions["commission"] = max(positions["commission"], own[-1].position)
        return history.judged_on(dossier, Cut(closing, positions), pack)

    def _last_at(self, service: str, at: datetime) -> int:
        log = self.logs[service]
        low, high = 0, len(log)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if log[middle].recorded_at <= at else (low, middle)
        return self.behind + low if low else 0

    def later(self, **delta: float) -> datetime:
        return self.now + timedelta(**delta)
