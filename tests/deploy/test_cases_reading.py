"""A case file is read as it looks, or refused with file, line and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from deploy.cases.nodes import StoryRefused
from deploy.cases.reading import Case, read
from deploy.cases.verbs import VERBS

CHINA = timezone(timedelta(hours=8))
ENTER = (
    "{at: 2024-03-01 10:00, by: R, do: listing.enter, as: L1, kind: sale, acquired_at: 2024-03-01 09:29:59, community: Harbour Court, "
    "building: 3, unit: NO, room: 0302, owner_phone: 13900000001, bedrooms: 2, floor: -1, area_m2: 89.50, orientation: yes, "
    "title_certificate: NO, decoration: 10:30}"
)
TAKE_KEY = "{at: 2024-03-02 10:00, by: R, do: listing.take_key, listing: L1}"
Reader = Callable[..., Case]


@pytest.fixture
def story(tmp_path: Path) -> Reader:
    """Reads a case of these steps, with the people and the expectations given."""

    def of(*steps: str, people: str = "{R: {store: S1, team: G1}, C: {store: S2}}", expect: str = "{}", more: str = "") -> Case:
        lines = ["id: T1", f"people: {people}", "story:", *(f"  - {step}" for step in steps), f"expect: {expect}"]
        return text("\n".join([*lines, more]))

    def text(written: str) -> Case:
        file = tmp_path / "t.yaml"
        file.write_text(written, encoding="utf-8")
        return read(file)

    of.text = text  # type: ignore[attr-defined]
    return of


def refusal(story: Reader, *steps: str, **more: str) -> str:
    """Line and reason of the refusal."""
    with pytest.raises(StoryRefused) as caught:
        story(*steps, **more)
    assert str(caught.value).startswith(f"{caught.value.file}:{caught.value.line}: ")
    return f"{caught.value.line}: {caught.value.reason}"


def test_a_scalar_means_what_its_field_says(story: Reader) -> None:
    fields = story(ENTER).story[0].fields
    assert (fields["room"], fields["owner_phone"], fields["unit"], fields["decoration"]) == ("0302", "13900000001", "NO", "10:30")
    assert (fields["floor"], fields["bedrooms"], fields["area_m2"]) == (-1, 2, Decimal("89.50"))
    assert fields["orientation"] == "yes"
    assert fields["title_certificate"] is False


def test_a_room_is_text_with_quotation_marks_or_without(story: Reader) -> None:
    assert story(ENTER.replace("0302", '"302"')).story[0].fields["room"] == "302"


def test_a_person_may_be_called_no(story: Reader) -> None:
    case = story(ENTER.replace("by: R", "by: NO"), people="{NO: {store: 01, team: 1e3}}")
    assert case.people == {"NO": {"store": "01", "team": "1e3"}}
    assert case.story[0].by == "NO"


def test_times_with_and_without_seconds_are_in_shanghai_unless_they_say_otherwise(story: Reader) -> None:
    assert story(ENTER).story[0].at == datetime(2024, 3, 1, 10, tzinfo=CHINA)
    assert story(ENTER).story[0].fields["acquired_at"] == datetime(2024, 3, 1, 9, 29, 59, tzinfo=CHINA)
    assert story(ENTER.replace("at: 2024-03-01 10:00,", "at: 2024-03-01T02:00:30Z,")).story[0].at == datetime(
        2024, 3, 1, 10, 0, 30, tzinfo=CHINA
    )
    assert story(ENTER.replace("at: 2024-03-01 10:00,", 'at: "2024-03-01 03:00+01:00",')).story[0].at == datetime(
        2024, 3, 1, 10, tzinfo=CHINA
    )


@pytest.mark.parametrize("time", ["2024-03-01", "2024-02-30 10:00", "24:00", "yesterday", "2024-03-01 25:00", "~", "1709258400"])
def test_what_is_no_time_is_refused(story: Reader, time: str) -> None:
    assert refusal(story, ENTER.replace("at: 2024-03-01 10:00,", f"at: {time},")).startswith("4: at")


def test_points_are_exact_fractions(story: Reader) -> None:
    lines = '[{role: closing, to: R, points: 20/3, amount: 1}, {points: 6.5}, {to: team:G1, points: "30", credit: S1}]'
    case = story(ENTER, *_DEAL, expect=f"{{deals: {{D1: {{lines: {lines}}}}}}}")
    written = case.expected.deals["D1"]["lines"]
    assert isinstance(written, tuple)
    assert [line["points"] for line in written if isinstance(line, dict)] == [Fraction(20, 3), Fraction(13, 2), Fraction(30)]


_DEAL = (
    "{at: 2024-03-02 10:00, by: C, do: client.enter, as: C1, kind: buy, acquired_at: 2024-03-02 10:00, name: One}",
    "{at: 2024-03-03 10:00, by: C, do: deal.report, as: D1, listing: L1, client: C1, closers: [C, R], fees: {agency: 3000000}}",
)


def test_a_deal_names_closers_in_order_and_fees_in_fen(story: Reader) -> None:
    fields = story(ENTER, *_DEAL).story[2].fields
    assert fields == {"as": "D1", "listing": "L1", "client": "C1", "closers": ("C", "R"), "fees": {"agency": 3000000}}


def test_what_a_clause_asks_for_may_be_left_out_so_that_the_clause_refuses_it(story: Reader) -> None:
    steps = (ENTER, _DEAL[0].replace("}", ", refused: client_incomplete}"))
    assert story(*steps).story[1].refused == "client_incomplete"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (ENTER.replace("listing.enter", "listing.sell"), "4: unknown verb listing.sell"),
        (ENTER.replace("listing.enter", "mandate.ratify"), "4: no service carries out mandate.ratify yet"),
        (ENTER.replace("bedrooms", "bed_rooms"), "4: unknown field bed_rooms in listing.enter"),
        (ENTER.replace("by: R", "by: Q"), "4: by: unknown person Q"),
        (ENTER.replace("by: R, ", ""), "4: listing.enter lacks by"),
        (ENTER.replace("kind: sale, ", ""), "4: listing.enter lacks kind"),
        (ENTER.replace("kind: sale", "kind: swap"), "4: kind: swap is none of sale, rental"),
        (ENTER.replace("as: L1, ", ""), "4: listing.enter lacks as"),
        (ENTER.replace("bedrooms: 2", "bedrooms: two"), "4: bedrooms: two is no whole number"),
        (ENTER.replace("bedrooms: 2", 'bedrooms: "2"'), '4: bedrooms: "2" is a text; a whole number stands without quotation marks'),
        (ENTER.replace("bedrooms: 2", "bedrooms: 02"), "4: bedrooms: 02 is no whole number"),
        (ENTER.replace("bedrooms: 2", "bedrooms: 1_000"), "4: bedrooms: 1_000 is no whole number"),
        (ENTER.replace("bedrooms: 2", "bedrooms: [2]"), "4: bedrooms is a single value"),
        (ENTER.replace("area_m2: 89.50", "area_m2: .nan"), "4: area_m2: .nan is no number"),
        (ENTER.replace("title_certificate: NO", "title_certificate: maybe"), "4: title_certificate: maybe is neither true nor false"),
        (ENTER.replace("room: 0302", "room: "), "4: room has no value"),
        (ENTER.replace("room: 0302", "room: 1, room: 2"), "4: room is said twice (first on line 4)"),
        (ENTER.replace("room: 0302", "room: !!python/name:os.system 1"), "4: the tag"),
        ("just words", "4: a step is a mapping of fields to values"),
        ("{at: 2024-03-01 10:00, do: clock, refused: never}", "4: time is never refused"),
        ("{at: 2024-03-01 10:00, by: R, do: listing.take_key, listing: L9}", "4: listing: unknown listing L9"),
        ("{at: 2024-03-01 10:00, by: R, do: pack.activate, pack: nowhere.yaml, from: 2024-03-05}", "4: pack: unknown pack nowhere.yaml"),
        ("{at: 2024-03-01 10:00, by: R, do: person.join, person: C, store: S1}", "4: person C is there already (line 2)"),
        ("{at: 2024-03-01 10:00, by: R, do: person.join, person: company, store: S1}", '4: "company" is no name for a person'),
        ("{at: 2024-03-01 10:00, by: R, do: person.leave, person: C, kind: bored}", "4: kind: bored is none of"),
        ("{at: 2024-03-01 10:00, by: R, do: listing.enter, as: L1", "5: not YAML"),
        ("[" * 100_000 + "]" * 100_000, "1: is nested too deep"),
    ],
)  # fmt: skip
def test_what_is_unknown_missing_or_of_the_wrong_kind_is_refused_with_its_line(story: Reader, step: str, reason: str) -> None:
    assert refusal(story, step).startswith(reason)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((ENTER, _DEAL[0].replace("02 10:00, by", "01 09:59:59, by")), "5: out of order: 2024-03-01 09:59:59 comes before the step above"),
        ((ENTER, ENTER), "5: listing L1 is there already (line 4)"),
        ((ENTER.replace("}", ", refused: duplicate_listing}"), TAKE_KEY), "5: listing: unknown listing L1"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("closers: [C, R]", "closers: []")), "6: closers names nobody"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("closers: [C, R]", "closers: [C, Z]")), "6: closers: unknown person Z"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("listing: L1, ", "")), "6: deal.report without a listing says its kind, sale or rental"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("agency:", "agencies:")), "6: unknown field agencies in fees"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("3000000", "3000000.5")), "6: agency: 3000000.5 is no whole number"),
        ((ENTER, _DEAL[0], _DEAL[1].replace("as: D1, ", "")), "6: deal.report takes either `as` or `deal`"),
        ((ENTER, "{at: 2024-03-02 10:00, by: R, do: listing.reassign, listing: L1, to: Q}"), "5: to: unknown person Q"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_steps_before_it_is_refused(story: Reader, steps: tuple[str, ...], reason: str) -> None:
    assert refusal(story, *steps).startswith(reason)


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ("{deal: {}}", "7: unknown field deal in expect"),
        ("{deals: {D2: {base: 1}}}", "7: unknown deal D2"),
        ("{deals: {D1: {total: 1}}}", "7: unknown field total in a deal"),
        ("{deals: {D1: {state: sold}}}", "7: state: sold is none of"),
        ("{deals: {D1: {lines: [{role: closing, to: Z}]}}}", "7: to: unknown person Z"),
        ("{deals: {D1: {net: {Z: 1}}}}", "7: net: unknown person Z"),
        ("{deals: {D1: {lines: [{points: 20/0}]}}}", "7: points: 20/0 are no points"),
        ("{listings: {L1: {owner: R}}}", "7: unknown field owner in a listing"),
        ("{violations: {}}", "7: violations is a list"),
        ("{violations: [{person: Z}]}", "7: person: unknown person Z"),
    ],
)  # fmt: skip
def test_an_expectation_of_what_does_not_exist_is_refused(story: Reader, expect: str, reason: str) -> None:
    assert refusal(story, ENTER, *_DEAL, expect=expect).startswith(reason)


def test_a_case_without_steps_or_with_an_unknown_part_is_refused(story: Reader) -> None:
    assert refusal(story, ENTER, more="expected: {}") == "6: unknown field expected in a case"
    assert refusal(story, ENTER, more="id: T2") == "6: id is said twice (first on line 1)"
    assert refusal(story, people="{}") == "3: story is a list"


def test_two_packs_for_one_scope_at_one_time_are_refused(story: Reader) -> None:
    assert refusal(story, ENTER, more="pack: [{pack: nowhere.yaml, from: 2024-01-01}]").startswith("6: pack: unknown pack nowhere.yaml")


def test_a_leave_and_an_exclusive_run_by_days(story: Reader) -> None:
    case = story(ENTER, "{at: 2024-03-02 10:00, by: R, do: listing.sign_exclusive, listing: L1, until: 2025-03-01}")
    assert case.story[1].fields["until"] == date(2025, 3, 1)


def test_an_alias_neither_multiplies_nor_bites_its_tail(story: Reader) -> None:
    assert refusal(story, "&a {at: *a}").startswith("4: an alias stands inside")
    bomb = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))])
    assert refusal(story, ENTER, more=bomb).startswith("6: unknown field a0")


def test_every_verb_of_the_specification_is_in_the_table() -> None:
    """The table of docs and the one of the code name the same verbs."""
    assert len(VERBS) == 45
    assert {name.partition(".")[0] for name in VERBS} == {"person", "leave", "listing", "client", "deal", "mandate", "pack", "clock"}


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.parent.joinpath("cases").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_visible_case_can_be_read(file: Path) -> None:
    assert read(file).id == file.stem
