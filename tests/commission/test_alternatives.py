"""What would be if: an entry left out is a story told without it, one admitted is a story in which it came in time."""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from deploy.simulating.world import World
from services.client import aggregate as client
from services.commission import history
from services.commission.aggregate import deal
from services.commission.aggregate.deal import Surroundings
from services.commission.aggregate.dispute import moved
from services.commission.events import Alternative, Cut, DisputeRuled, Effect, Settlement, Terms
from services.commission.history import alternatives
from services.listing import aggregate as listing
from services.listing.events import House
from shared.entry import Entry, Meta
from shared.regulation import Pack, Refused
from tests.commission.closings import at
from tests.packs import A, B
from tests.refusing import refused

clause = pytest.mark.clause
BEGINS: Final = at("2024-03-01 10:00")
CLOSES: Final = BEGINS + timedelta(days=20)
HOUSE: Final = House("Harbour Court", "3", "2", "0302", 2, 3, None, "south", True, "plain")
WISH: Final = {"floor": "any", "area": "80-100", "orientation": "south", "price": "2000000", "needs": "none", "phone": "13700000001"}
TEXT: Final = "The owner still wants to sell, and keeps the price"
STORIES: Final = int(os.environ.get("FENYONG_STORIES", "40"))
Step = tuple[str, float, Callable[["Story"], Any]]


class Story:
    """One deal on one listing, told step by step to four services in memory. Each step has a name and the day on which it is done."""

    def __init__(self, pack: Pack) -> None:
        self.world = World(7, BEGINS - timedelta(days=1))
        self.world.found(pack.document)
        self.people = {
            name: self._join(name, store, team, role)
            for name, store, team, role in (
                ("R", "S1", "G1", "agent"), ("H", "S1", "G1", "agent"), ("K", "S3", "G3", "agent"), ("E", "S2", "G2", "agent"),
                ("C", "S2", "G2", "agent"), ("M1", "S1", None, "store_manager"), ("M2", "S2", None, "store_manager"),
            )
        }  # fmt: skip
        self.names = {id: name for name, id in self.people.items()}
        self.home, self.buyer, self.again = (self.world.new_id(prefix) for prefix in ("lst", "cli", "cli"))
        self.deal, self.contact = self.world.new_id("dea"), self.world.new_id("cnt")
        self.entries: dict[str, Entry] = {}

    def _join(self, name: str, store: str, team: str | None, role: Any) -> str:
        return self.world.join(store=store, team=team, area="N", role=role)

    def told(self, steps: list[Step]) -> "Story":
        for name, day, act in sorted(steps, key=lambda step: step[1]):
            self.world.now = max(self.world.now, BEGINS + timedelta(days=day))
            for entry in act(self)[:1]:
                self.entries[name] = entry
        return self

    def do(self, id: str, decide: Any, by: str, **facts: Any) -> list[Entry]:
        caller = self.world.caller(self.people[by])
        return self.world.act(id, lambda *state, **given: decide(*state, by=caller, **given), by=caller.person, **facts)

    @property
    def ground(self) -> Any:
        return self.world.ground

    def evidence(self) -> list[Entry]:
        streams = [id for id in (self.deal, self.home, self.buyer, self.again, *self.people.values()) if id in self.world.streams]
        return history.before_settlement([entry for id in streams for entry in self.world.streams[id]])

    def cut(self) -> Cut:
        """The positions that had been reached at the closing, what followed from it included."""
        closing = history.closing_of(self.world.streams[self.deal])
        reached = {
            service: max((e.position for e in log if e.effective_at <= closing), default=0) for service, log in self.world.logs.items()
        }
        return Cut(closing, dict(sorted(reached.items())))

    def judged(self, alternative: Alternative = alternatives.AS_IT_WAS, pack: Pack | None = None) -> Settlement:
        pack = pack or self.world.activations[0].pack
        alternatives.refuse_idle(self.evidence(), self.cut(), alternatives.AS_IT_WAS, alternative)
        return alternatives.judged_otherwise(self.evidence(), self.cut(), pack, alternative)

    def without(self, *steps: str) -> Settlement:
        return self.judged(Alternative(leave_out=tuple(self.entries[step].id for step in steps)))

    def admitting(self, *steps: str) -> Settlement:
        return self.judged(Alternative(admit=tuple(self.entries[step].id for step in steps)))

    def table(self, split: Settlement) -> list[str]:
        return [f"{line.role} {self.names.get(line.to, line.to)} {line.points} {line.amount_fen} {line.credit}" for line in split.lines]


# Acts


def enter_listing(story: Story) -> list[Entry]:
    facts = {"kind": "sale", "house": HOUSE, "owner": story.world.new_id("cnt"), "owner_is_agents": False, "acquired_at": None}
    recorder = story.world.posts[story.people["R"]]
    return story.do(story.home, listing.enter, "R", recorder=recorder, original=None, ground=story.ground, **facts)


def write(by: str, about: str | None = None, outcome: str | None = None) -> Callable[[Story], list[Entry]]:
    facts = {"channel": "phone", "text": TEXT, "about": about, "outcome": outcome, "alike": ()}
    return lambda story: story.do(story.home, listing.follow_up, by, ground=story.ground, **facts)


def take_key(story: Story) -> list[Entry]:
    return story.do(story.home, listing.take_key, "K")


def reassign(to: str) -> Callable[[Story], list[Entry]]:
    return lambda story: story.do(story.home, listing.reassign, "M1", to=story.people[to], ground=story.ground)


def enter_client(by: str, *, again: bool = False) -> Callable[[Story], list[Entry]]:
    def enter(story: Story) -> list[Entry]:
        id, first = (story.again, story.buyer) if again and story.buyer in story.world.states else (story.buyer, None)
        facts: dict[str, Any] = {"kind": "buy", "contact": story.contact, "given": WISH, "acquired_at": None}
        recorder = story.world.posts[story.people[by]]
        return story.do(id, client.enter, by, recorder=recorder, first=first, duplicates=1 if first else 0, ground=story.ground, **facts)

    return enter


def show(by: str) -> Callable[[Story], list[Entry]]:
    def view(story: Story) -> list[Entry]:
        world, id = story.world, story.again if story.again in story.world.states else story.buyer
        form = f"V-{len(world.logs['client'])}"
        facts = {"client_id": id, "listing": story.home, "is_correct": True, "form": form, "form_used": None}
        [entry, *more] = story.do(id, client.view, by, ground=story.ground, **facts)
        first = world.states[id].first or id
        world.react(entry, story.home, listing.show, by=world.posts[story.people[by]], client=first, viewing=entry.id, ground=story.ground)
        return [world.streams[story.home][-1], entry, *more]

    return view


def report(story: Story) -> list[Entry]:
    world, id = story.world, story.again if story.again in story.world.states else story.buyer
    terms = Terms(story.home, id, (story.people["C"],), {"agency": 3_000_000}, "sale", None)
    around = Surroundings("sale", listing_correct=True, client_known=True, shown_by=frozenset({story.people["C"]}), open_deal=None)
    [entry] = story.do(story.deal, deal.report, "C", terms=terms, around=around, ground=story.ground)
    for target, decide in ((story.home, listing.stop_terms), (id, client.stop_terms)):
        world.react(entry, target, decide, deal=story.deal)
    return [entry]


COMMON: Final[list[Step]] = [
    ("enter", 0, enter_listing),
    ("key", 1, take_key),
    ("declare", 1.01, write("K", about="key")),
    ("first", 2, enter_client("E")),
    ("again", 3, enter_client("C", again=True)),
    ("second week", 8, write("R")),
    ("third week", 16, write("R")),
    ("show", 19, show("C")),
    ("report", 20, report),
]


def told(*steps: Step, pack: Pack = A, but: str | None = None, on: dict[str, float] | None = None, keyed: bool = True) -> Story:
    """The common story (or of it only what makes a deal) and these steps; without the step `but`, and with others `on` other days."""
    days, common = on or {}, COMMON if keyed else [step for step in COMMON if step[0] in ("enter", "first", "again", "report")]
    whole = [(name, days.get(name, day), act) for name, day, act in (*common, *steps) if name != but]
    return Story(pack).told(whole)


# Left out


@pytest.mark.parametrize("pack", [A, B], ids=["A", "B"])
@pytest.mark.parametrize("step", ["key", "declare", "second week", "third week", "show"])
def test_an_entry_left_out_is_a_story_told_without_it(step: str, pack: Pack) -> None:
    story, shorter = told(pack=pack), told(pack=pack, but=step)
    assert story.table(story.without(step)) == shorter.table(shorter.judged())


@pytest.mark.parametrize("step", ["enter", "first"])
def test_so_is_a_listing_or_the_first_record_of_a_client(step: str) -> None:
    story = told()
    if step == "first":
        shorter = told(but=step)
        assert story.table(story.without(step)) == shorter.table(shorter.judged())
    else:
        assert story.without(step).facts["listing"] is None


@clause("A-1.N1", "A-1.N5", "A-2.5")
def test_without_the_key_its_twenty_points_go_back_to_where_they_came_from() -> None:
    story = told()
    assert story.table(story.judged()) == [
        "listing R 20 600000 S1", "key K 20 600000 S3", "closing C 50 1500000 S2", "client E 10 300000 S2",
    ]  # fmt: skip
    undeclared = story.without("declare")
    assert story.table(undeclared) == ["listing R 30 900000 S1", "closing C 60 1800000 S2", "client E 10 300000 S2"]
    assert undeclared.notes == ("undeclared_key",)


@clause("A-2.5")
def test_without_the_first_record_the_client_is_the_next_ones() -> None:
    story = told()
    assert story.table(story.judged())[-1] == "client E 10 300000 S2"
    assert story.table(story.without("first"))[-1] == "client C 10 300000 S2"


@clause("A-2.7", "A-1.N1")
def test_a_follow_up_left_out_lets_the_listing_lapse_and_what_the_former_holder_wrote_later_does_not_bring_it_back() -> None:
    story = told()
    split = story.without("second week")
    assert [line for line in story.table(split) if line.startswith("listing")] == [
        "listing_recorder R 10 300000 S1", "listing_holder team:G1 10 300000 S1",
    ]  # fmt: skip


def refute(story: Story) -> list[Entry]:
    follow_up = story.entries["second week"]
    past = [(entry.version, entry.event) for entry in story.world.streams[story.home]]
    facts = {"what": "follow_up", "follow_up": follow_up.version, "reason": "The owner says otherwise", "past": past}
    return story.do(story.home, listing.refute, "M1", ground=story.ground, **facts)


@clause("A-2.7", "A-2.12")
def test_a_claim_is_none_where_the_listing_would_not_have_been_public() -> None:
    steps = (("refute", 12, refute), ("claim", 13, show("H")))
    story, shorter = told(*steps), told(*steps, but="refute")
    assert story.table(story.judged())[1].startswith("listing_holder H")
    assert story.table(story.without("refute")) == shorter.table(shorter.judged())


def test_a_managers_reassignment_holds_whoever_held_before() -> None:
    steps = (("reassign", 14.0, reassign("H")),)
    story, shorter = told(*steps), told(*steps, but="second week")
    assert story.table(story.without("second week")) == shorter.table(shorter.judged())


def at_random(rng: random.Random) -> list[Step]:
    """A few acts of three agents and a manager on the listing, on any days. One that is refused leaves nothing."""
    acts = (
        *(("write", write),) * 3, ("call", lambda who: write(who, outcome="unreachable")), ("show", show), ("reassign", reassign),
    )  # fmt: skip
    made: list[Step] = []
    for number in range(rng.randrange(4, 10)):
        (what, act), who = rng.choice(acts), rng.choice("RRHHK")
        made.append((f"{number}: {what} {who}", round(rng.uniform(3.1, 19.9), 3), _or_nothing(act(who))))
    return made


def _or_nothing(act: Callable[[Story], list[Entry]]) -> Callable[[Story], list[Entry]]:
    def done(story: Story) -> list[Entry]:
        try:
            return act(story)
        except Refused:
            return []

    return done


def test_of_any_story_an_act_left_out_is_the_story_told_without_it() -> None:
    seed = os.environ.get("FENYONG_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"FENYONG_SEED={seed}")
    rng = random.Random(seed)
    for _ in range(STORIES):
        steps = at_random(rng)
        story = told(*steps, keyed=False)
        if any(name not in story.entries for name, _, _ in steps):
            continue  # nobody does what was refused them then
        left_out = rng.choice(steps)[0]
        shorter = told(*steps, keyed=False, but=left_out)
        assert story.table(story.without(left_out)) == shorter.table(shorter.judged()), (left_out, steps)


# Admitted


@pytest.mark.parametrize("pack", [A, B], ids=["A", "B"])
def test_an_entry_admitted_is_a_story_in_which_it_came_just_in_time(pack: Pack) -> None:
    late, in_time = told(pack=pack, on={"declare": 21}), told(pack=pack, on={"declare": 19.99})
    admitted = late.admitting("declare")
    assert late.table(admitted) == in_time.table(in_time.judged())
    assert late.entries["declare"].id in admitted.evidence


@clause("A-1.N1", "A-1.N5")
def test_a_declaration_that_came_late_moves_the_keys_points_if_it_is_admitted() -> None:
    story = told(on={"declare": 21})
    assert story.judged().notes == ("undeclared_key",)
    effects = moved(story.judged().lines, story.admitting("declare").lines)
    assert [(effect.role, effect.points, effect.amount_fen) for effect in effects] == [
        ("listing", "-10", -300_000), ("closing", "-10", -300_000), ("key", "20", 600_000),
    ]  # fmt: skip


def test_a_reassignment_that_came_late_gives_the_listing_if_it_is_admitted() -> None:
    story = told(("reassign", 21.0, reassign("H")))
    facts = story.admitting("reassign").facts["listing"]
    assert facts["holder"] == story.people["H"]


def test_what_proves_it_are_the_entries_as_they_are() -> None:
    story = told(on={"declare": 21})
    admitted = story.admitting("declare")
    now = story.evidence()
    assert history.altered(now, admitted) == []
    assert admitted.digest == history.digest_of(admitted)
    assert story.judged(Alternative()).digest == history.judged(now, story.cut(), A).digest


# Other readings, and all together


@clause("A-1.N1")
def test_another_reading_is_another_pack_and_nothing_else() -> None:
    story = told()
    split = story.judged(Alternative(readings={"R-key": "ten_in_all"}))
    assert split == history.judged(story.evidence(), story.cut(), A.reading_otherwise({"R-key": "ten_in_all"}))
    assert moved(story.judged().lines, split.lines) == (
        Effect("listing", story.people["R"], "5", 150_000),
        Effect("key", story.people["K"], "-10", -300_000),
        Effect("closing", story.people["C"], "5", 150_000),
    )


def ruling(dispute: str, adopts: Alternative | None) -> Entry:
    ruled = DisputeRuled("AM", dispute, 1, "corrected", (), "so", CLOSES, adopts=adopts)
    return Entry("commission", 1, UUID(int=1), UUID(int=2), 1, "deal.DisputeRuled", ruled, b"", Meta(), CLOSES, CLOSES)


def test_what_rulings_adopted_adds_up_and_of_one_dispute_the_last_counts() -> None:
    out, back = Alternative(leave_out=("lst_1@2",)), Alternative(admit=("lst_1@2", "lst_1@9"))
    read = Alternative(readings={"R-key": "ten_in_all"})
    whole = [ruling("dis_1", out), ruling("dis_2", read), ruling("dis_2", None), ruling("dis_3", back)]
    assert alternatives.adopted(whole[:2]) == Alternative(leave_out=("lst_1@2",), readings={"R-key": "ten_in_all"})
    assert alternatives.adopted(whole) == Alternative(admit=("lst_1@9",), readings={"R-key": "ten_in_all"})
    assert alternatives.adopted(whole, but="dis_2") == Alternative(admit=("lst_1@9",))
    assert alternatives.adopted([*whole, ruling("dis_3", Alternative())]) == Alternative(
        leave_out=("lst_1@2",), readings={"R-key": "ten_in_all"}
    )
    assert alternatives.over(back, Alternative(leave_out=("lst_1@9",))) == Alternative(admit=("lst_1@2",))


# What may not be asked


def test_what_is_asked_has_to_change_something_and_leave_a_deal_there() -> None:
    story = told(("reassign", 21.0, reassign("H")))
    idle = alternatives.refuse_idle
    for asked, code, step in (
        (Alternative(leave_out=("lst_00000000000000000000000000@1",)), "entry_not_of_deal", None),
        (Alternative(leave_out=(story.entries["report"].id,)), "entry_is_needed", "report"),
        (Alternative(leave_out=(story.entries["again"].id,)), "entry_is_needed", "again"),
        (Alternative(leave_out=(f"{story.people['R']}@1",)), "entry_is_needed", None),
        (Alternative(leave_out=(story.entries["reassign"].id,)), "entry_changes_nothing", "reassign"),
        (Alternative(admit=(story.entries["key"].id,)), "entry_changes_nothing", "key"),
    ):
        with refused(code, entry=(asked.leave_out + asked.admit)[0]):
            idle(story.evidence(), story.cut(), Alternative(), asked)
        assert step is None or step in story.entries
    base = Alternative(leave_out=(story.entries["key"].id,))
    with refused("entry_changes_nothing"):
        idle(story.evidence(), story.cut(), base, base)
    idle(story.evidence(), story.cut(), base, Alternative(admit=base.leave_out))
