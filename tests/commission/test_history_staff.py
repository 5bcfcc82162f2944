"""Everyone's employment, kept once for any number of deals: at each cut it says what the entries up to it say, and no more."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.authz.events import Joined, LeaveGranted, Left, Transferred
from services.commission.events import Cut
from services.commission.history import Staff
from services.commission.history.staff import Known, Place
from shared.entry import Entry, Meta, id_of, new_id, uuid_of
from shared.identity import Post

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
COMPANY = uuid_of(new_id("cmp"))
PEOPLE = sorted(new_id("psn") for _ in range(5))
POSTS = st.builds(
    Post,
    st.sampled_from(PEOPLE),
    store=st.sampled_from([None, "S1", "S2"]),
    team=st.sampled_from([None, "G1", "G2"]),
    area=st.sampled_from([None, "A1", "A2"]),
    role=st.sampled_from(["agent", "store_manager", "area_manager"]),
)
PLACES: list[Place] = [("team", "G1"), ("team", "G2"), ("store", "S1"), ("store", "S2"), ("area", "A1"), ("area", "")]
HAPPENED = st.lists(st.tuples(st.integers(0, 3), POSTS, st.sampled_from(PEOPLE), st.integers(0, 3)), max_size=12)
CUTS = st.tuples(st.integers(0, 13), st.integers(-1, 40))


def entries_of(happened: list[tuple[int, Post, str, int]]) -> list[Entry]:
    """What happened to whom, by whom, so many hours after what happened before; each person's first entry being that they joined."""
    versions: dict[str, int] = {}
    entries: list[Entry] = []
    at = BEGAN
    for position, (kind, post, by, hours) in enumerate(happened, start=1):
        at += timedelta(hours=hours)
        versions[post.person] = version = versions.get(post.person, 0) + 1
        event = [Transferred(by, post, at), Left(by, "resigned", post, at), LeaveGranted(by, at.date(), at.date(), PEOPLE[0], at)][kind % 3]
        event = Joined(by, post, at) if version == 1 else event
        type = f"person.{event.__class__.__name__}"
        entries.append(Entry("authz", position, COMPANY, uuid_of(post.person), version, type, event, b"", Meta(by=by), at, at))
    return entries


def cut_at(position: int, hours: int) -> Cut:
    return Cut(BEGAN + timedelta(hours=hours), {"authz": position})


def known_at(staff: Staff, cut: Cut) -> dict[str, Known]:
    return staff.named(PEOPLE, cut)


@given(HAPPENED, st.lists(CUTS, min_size=1, max_size=6))
def test_a_staff_that_has_served_other_cuts_says_what_one_made_for_this_cut_says(
    happened: list[tuple[int, Post, str, int]], cuts: list[tuple[int, int]]
) -> None:
    entries = entries_of(happened)
    whole = Staff(entries)
    for cut in [cut_at(*each) for each in cuts]:
        within = [e for e in entries if e.position <= cut.positions["authz"] and e.recorded_at <= cut.instant]
        fresh = Staff(within)
        for person, known in known_at(whole, cut).items():
            ids = [notice.id for notice in known_at(fresh, cut)[person].within]
            assert [notice.id for notice in known.within] == ids == [e.id for e in within if e.stream_id == person]
        for place in PLACES:
            assert whole.posted(place, cut) == fresh.posted(place, cut)
            assert whole.around([place], cut).keys() == fresh.around([place], cut).keys() == whole.posted(place, cut).people


@given(HAPPENED, CUTS)
def test_a_standing_is_the_last_post_within_the_cut_and_a_teams_store_that_of_who_was_put_into_it_last(
    happened: list[tuple[int, Post, str, int]], cut: tuple[int, int]
) -> None:
    entries, told = entries_of(happened), cut_at(*cut)
    posts = [e for e in entries if e.position <= cut[0] and e.recorded_at <= told.instant and not isinstance(e.event, LeaveGranted)]
    staff = Staff(entries)
    people = known_at(staff, told)
    for person, known in people.items():
        own = [e for e in posts if e.stream_id == person]
        if own:
            assert known.posting is not None
            assert (known.posting.id, known.area) == (own[-1].id, own[-1].event.post.area)
            assert known.post_at(own[0].recorded_at) in [e.event.post for e in own if e.recorded_at == own[0].recorded_at]
    teams = {e.event.post.team: e.event.post.store for e in posts if e.event.post.team and e.event.post.store}
    assert {team: staff.posted(("team", team), told).store for team in ("G1", "G2")} == {team: teams.get(team) for team in ("G1", "G2")}


def test_who_joined_only_later_is_told_as_they_joined_and_stands_nowhere_before() -> None:
    joined = entries_of([(0, Post(PEOPLE[1], store="S1", team="G1"), PEOPLE[0], 5), (0, Post(PEOPLE[1], store="S2"), PEOPLE[0], 1)])
    known = known_at(Staff(joined), cut_at(0, 40))[PEOPLE[1]]
    assert known.posting is not None
    assert (list(known.within), known.posting.id, known.area) == ([], f"{PEOPLE[1]}@1", None)
    assert known.post_at(BEGAN + timedelta(days=1)) is None


def test_names_are_followed_from_entry_to_entry() -> None:
    first, second, third = PEOPLE[:3]
    entries = entries_of([(0, Post(third, store="S1"), third, 0), (0, Post(second), third, 0), (0, Post(first), second, 0)])
    assert set(Staff(entries).named({first}, cut_at(3, 1))) == {first, second, third}
    assert set(Staff(entries).named({first}, cut_at(2, 1))) == {first, second, third}, "how they joined is looked at even if it was later"
    stranger = id_of("psn", COMPANY)
    assert Staff(entries).named({stranger}, cut_at(3, 1))[stranger] == Known()
