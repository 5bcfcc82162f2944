"""`fenyong pack`: what is said of a pack, of a plan of packs, and of two packs over deals."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console, RenderableType
from typer.testing import CliRunner

from deploy.cases.calling import Answer
from deploy.cli import app
from deploy.packs import checking, differing, planning
from deploy.packs.checking import Checked
from deploy.packs.chinese import both
from deploy.packs.deals import Deal, Untold, told_of
from deploy.packs.rows import rows_of
from services.commission.rules import FollowUp, combining, document_of
from services.commission.rules.combining import Combined
from shared.regulation import SHIPPED, Pack, load
from tests.commission.closings import EXCLUSIVE, KEY, a_rental, a_sale, at, with_listing

A = load(SHIPPED / "A.yaml")
B = load(SHIPPED / "B.yaml")
ACN = load(SHIPPED / "ACN.yaml")


@pytest.fixture(scope="module")
def sound() -> dict[str, Checked]:
    """The shipped packs, checked once."""
    return {pack: checking.check(SHIPPED / f"{pack}.yaml") for pack in ("A", "B")}


def printed(shown: RenderableType, width: int = 240) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# Checking


def test_a_sound_pack_shows_its_splits_under_every_combination_and_what_changes_them(sound: dict[str, Checked]) -> None:
    text = printed(checking.shown(sound["A"]))
    assert "A.yaml  合格 valid" in text
    assert A.digest in text
    assert f"已核对 {len(sound['A'].combinations)} 种组合，份额合计均为 100" in text
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "买卖 sale 有 yes 有 yes 录入人 recorder 录入人 0 签约人 40 钥匙人 20 成交人 30 客源人 10 100" in rows
    assert "租赁 rental — 有 yes 录入人 recorder 录入人 20 钥匙人 20 成交人 50 客源人 10 100" in rows


def test_what_makes_no_difference_is_one_row(sound: dict[str, Checked]) -> None:
    assert sound["A"].pack is not None
    plain = [(one.setting, None, one.split) for one in sound["A"].combinations if not one.changes and one.split is not None]
    rows = rows_of(plain, combining.conditions(A))
    assert (len(plain), len(rows)) == (24, 18)
    rentals = [row for row in rows if row.under["kind"] == {"rental"}]
    assert [row.under["exclusive"] for row in rentals] == [{True, False}] * 6


def test_every_combination_is_there_for_a_machine_and_sums_to_100(sound: dict[str, Checked]) -> None:
    told = checking.as_json(sound["B"])
    assert (told["id"], told["valid"], told["problems"]) == ("B", True, [])
    assert {each["sum"] for each in told["combinations"]} == {"100"}
    assert all(sum(Fraction(line["points"]) for line in each["lines"]) == 100 for each in told["combinations"])
    idle = next(each for each in told["combinations"] if each["changes"] == ("idle",))
    assert idle["lines"][0] == {"role": "listing", "to": "closer", "points": "10", "clauses": ("B-1-3", "B-1-3-5")}


def test_a_pack_with_many_conditions_shows_one_thing_at_a_time_and_all_if_asked(tmp_path: Path) -> None:
    file = written(tmp_path, own())
    checked = checking.check(file)
    text = printed(checking.shown(checked))
    assert "金融顾问" in text
    assert "finance adviser" in text
    assert "列出须加 --all" in text
    unnamed = next(line for line in text.splitlines() if "无战报所列金融顾问" in line)
    assert unnamed.split()[-9:] == [*["·"] * 6, "公司", "5", "100"]
    assert len(printed(checking.shown(checked, everything=True)).splitlines()) > 64


def own() -> dict[str, Any]:
    """A pack with a role of its own beside the regulation's, and so many conditions that they are too many to print."""
    role = {"role": "adviser", "title": {"zh": "金融顾问", "en": "finance adviser"}, "earned_by": ["named"]}
    shares = {"listing": 15, "exclusive": 10, "survey": 10, "plan": 10, "key": 10, "closing": 40, "adviser": 5}
    beside = [clause for clause in A.document["clauses"] if clause["clause"] in ("A-1.N2", "A-2.7")]
    return {"id": "own", "version": "1", "clauses": [{"clause": "N-1", **role}, {"clause": "N-2", "shares": shares}, *beside]}


def written(folder: Path, document: dict[str, Any], name: str = "own.yaml") -> Path:
    """A pack as a file; YAML reads JSON."""
    file = folder / name
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_split_that_does_not_come_out_is_a_problem_that_names_its_combination() -> None:
    wrong = Combined({"kind": "sale", "key": True}, ("newcomer",), None, "points sum to a hundred")
    assert checking.wrong_among([wrong])[0]["reason"] == "points sum to a hundred, under: kind: sale, key: True, newcomer"


def test_a_pack_that_is_refused_says_where_and_why_and_the_exit_status_is_1(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("id: bad\nversion: '1'\nclauses:\n  - clause: A-1.1\n    shares: {listing: 95}\n  - clause: A-9\n", encoding="utf-8")
    run = CliRunner().invoke(app, ["pack", "check", str(file), str(SHIPPED / "A.yaml")])
    assert run.exit_code == 1
    assert "不合格 refused" in run.output
    assert (
        "第 5 行 line 5  clauses[0].shares  (A-1.1)  在“租赁、无独家”下份额合计为 95，不是 100。 the shares sum to 95, not 100"
        in run.output
    )
    assert "第 6 行 line 6  clauses[1].clause  没有条款 A-9。 A-9 is no clause known here" in run.output
    assert "A.yaml  合格 valid" in run.output
    told = json.loads(CliRunner().invoke(app, ["pack", "check", "--json", str(file)]).output)
    assert (told[0]["valid"], {problem["line"] for problem in told[0]["problems"] if "line" in problem}) == (False, {5, 6})


def test_sound_packs_give_exit_status_0(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["pack", "check", "--json", str(written(tmp_path, own()))])
    assert run.exit_code == 0
    assert json.loads(run.output)[0]["roles"][0]["title"] == {"zh": "金融顾问", "en": "finance adviser"}


def test_on_a_narrow_terminal_names_and_points_stay_whole(sound: dict[str, Checked]) -> None:
    lines = [" ".join(line.split()) for line in printed(checking.shown(sound["A"]), width=80).splitlines()]
    first = lines.index("房源归属 listing held by 录入人 recorder")
    assert lines[first - 3 : first + 5] == [
        "类型 kind 买卖 sale", "独家 exclusive 无 no", "钥匙 key 无 no", "房源归属 listing held by 录入人 recorder",
        "房源方 listing 录入人 30", "成交方 closing 成交人 60", "客户方 client 客源人 10", "合计 sum 100",
    ]  # fmt: skip
    assert not [line for line in lines if "…" in line]


# Plans


def a_plan(folder: Path, *activations: str) -> Path:
    file = folder / "plan.yaml"
    file.write_text("".join(f"- {one}\n" for one in activations), encoding="utf-8")
    return file


def test_a_plan_says_which_pack_is_in_force_where_and_until_when(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "- {pack: A, from: 2025-01-01}\n- {pack: B, from: 2025-04-01, store: S2}\n- {pack: ACN, from: 2026-01-01}\n", encoding="utf-8"
    )
    run = CliRunner().invoke(app, ["pack", "check", str(file)])
    assert run.exit_code == 0
    rows = [" ".join(line.split()) for line in run.output.splitlines()]
    assert "公司 company A 1 2025-01-01 00:00 2026-01-01 00:00" in rows
    assert "门店 store S2 B 1 2025-04-01 00:00 —" in rows
    assert json.loads(CliRunner().invoke(app, ["pack", "check", "--json", str(file)]).output)[0]["activations"][0]["until"].startswith(
        "2026"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "{pack: B, from: 2025-01-01 00:00, store: S1}",
            "[1].from 同一范围（门店 S1，2025-01-01 00:00）已有另一制度包从同一时刻生效。 another pack is activated",
        ),
        ("{pack: nothing, from: 2025-01-01}", "[1] 没有制度包 nothing：既没有 packs/nothing.yaml，也没有这个文件。 unknown pack nothing"),
        (
            "{pack: bad.yaml, from: 2025-01-01}",
            "[1].pack bad.yaml：clauses 应为条款的列表，按适用的先后排列。 bad.yaml: clauses is a list of clauses",
        ),
        ("{pack: B, form: 2025-01-01}", "[1] 计划没有 form 这一项；只有 pack、from、store。 form is no part of a plan"),
        ("{pack: B}", "[1] 缺 from。 lacks from"),
        ("{pack: [B], from: 2025-01-01}", "[1] pack 应为单个值。 pack is a single value"),
        ("B", "[1] 应为 pack、from、store 的映射。 is a mapping of pack, from and store"),
        ("{pack: B, from: 2025-04-31}", "[1] from：没有 2025-04-31 这个日期或时刻。 from: there is no 2025-04-31"),
        ("{pack: B, from: soon}", "[1] from：soon 不是 2024-03-01 10:00 这样的时刻。 from: soon is no time such as 2024-03-01 10:00"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_place_and_the_reason(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "bad.yaml").write_text("id: bad\nversion: '1'\n", encoding="utf-8")
    plan = planning.plan_in(a_plan(tmp_path, "{pack: A, from: 2025-01-01, store: S1}", line))
    assert plan is not None
    assert not plan.is_sound
    text = printed(planning.shown(plan))
    assert told in " ".join(text.split())
    assert "line 2" in text


def test_what_is_wrong_in_a_file_keeps_its_line_in_both_languages() -> None:
    assert both("my.yaml: line 5, clauses[0] names the clause") == (
        "my.yaml：第 5 行，clauses[0] 应写明条款编号。 my.yaml: line 5, clauses[0] names the clause"
    )
    assert both("something new") == "something new"


def test_one_store_and_the_company_may_begin_at_once(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "- {pack: A, from: 2025-01-01}\n- {pack: B, from: 2025-01-01, store: S1}\n- {pack: B, from: 2024-01-01}\n", encoding="utf-8"
    )
    plan = planning.plan_in(file)
    assert plan is not None
    assert plan.is_sound


# Comparing


def deal(name: str, facts: Any, **parts: Any) -> Deal:
    return Deal(name, "settled", json.loads(json.dumps(document_of(facts), default=str)), **parts)


FOLLOWED_UP = (FollowUp("R", at("2024-03-10 09:00"), "G1"),)
KEYED = deal("D1", with_listing(a_sale(), keys=(KEY,), follow_ups=FOLLOWED_UP))
RENTED = deal(
    "D2", with_listing(a_rental(fees_fen={"agency": 1_000_001, "information": 99}), follow_ups=FOLLOWED_UP), scope="X1", names={"C": "Chen"}
)


def shares(compared: differing.Compared) -> list[tuple[str, int, int, int]]:
    return [(share.to, share.one_fen, share.other_fen, share.difference_fen) for share in compared.shares]


def test_a_deal_is_split_under_both_packs_and_everyones_lines_are_summed() -> None:
    assert shares(differing.compare(KEYED, A, B)) == [
        ("R", 600_000, 600_000, 0), ("K", 600_000, 300_000, -300_000), ("C", 1_500_000, 1_800_000, 300_000), ("E", 300_000, 300_000, 0),
    ]  # fmt: skip
    assert not differing.compare(KEYED, A, B).is_same
    assert differing.compare(KEYED, A, A).is_same


def test_packs_may_differ_in_the_base_and_people_are_called_as_in_the_story() -> None:
    compared = differing.compare(RENTED, A, B)
    assert (compared.base.one_fen, compared.base.other_fen) == (1_000_100, 1_000_001)
    assert [share.to for share in compared.shares] == ["R", "Chen", "E"]
    assert sum(share.one_fen for share in compared.shares) == compared.base.one_fen
    assert sum(share.other_fen for share in compared.shares) == compared.base.other_fen


def test_the_first_showing_of_any_listing_is_read_off_the_timeline() -> None:
    def shown(by: str, *, late: bool = False) -> dict[str, Any]:
        return {"type": "client.Viewed", "entry": f"{by}@2", "late": late, "facts": {"by": by, "at": "2024-03-02T10:00:00+08:00"}}

    timeline = [{"type": "deal.Reported", "entry": "D@1", "late": False, "facts": {}}, shown("H"), shown("C"), shown("R", late=True)]
    told = told_of("D1", Answer(200, {"facts": dict(KEYED.facts), "timeline": timeline, "altered": [], "state": "settled"}, None))
    assert isinstance(told, Deal)
    assert told.facts["first_shown"] == {"by": "H", "at": "2024-03-02T10:00:00+08:00", "evidence": ["H@2"]}
    scouted = load({**own(), "clauses": [{**own()["clauses"][0], "earned_by": ["first_viewer_of_any"]}, own()["clauses"][1]]})
    assert ("H", 0, 150_000, 150_000) in shares(differing.compare(told, A, scouted))


def test_a_deal_whose_evidence_was_altered_or_that_one_may_not_see_is_not_compared() -> None:
    altered = Answer(200, {"facts": {}, "altered": ["lst_1@2"], "timeline": [], "state": "settled"}, None)
    assert told_of("D1", altered) == Untold("D1", "证据已被改动 its evidence was altered: lst_1@2")
    assert isinstance(told_of("D1", Answer(404, {"code": "unknown_reference", "detail": ""}, None)), Untold)


def test_totals_are_by_beneficiary_and_by_case() -> None:
    compared = [differing.compare(each, A, B) for each in (KEYED, KEYED, RENTED)]
    by_name = {share.to: share.difference_fen for share in differing.totals(compared)}
    assert (by_name["K"], by_name["C"]) == (-600_000, 600_000)
    assert "X1 Chen" in by_name
    assert differing.whole(differing.totals(compared)).difference_fen == -99


def test_a_difference_is_printed_deal_by_deal_with_sums_and_with_what_could_not_be_told() -> None:
    text = printed(differing.shown(A, B, [KEYED, RENTED, Untold("D3", "404")]))
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "D1 R 600,000 600,000 0" in rows
    assert "K 600,000 300,000 -300,000" in rows
    assert "合计 sum 3,000,000 3,000,000 0" in rows
    assert "未比较 not compared: D3: 404" in rows
    assert "2 笔成交，2 笔有差异" in text
    told = differing.as_json(A, B, [KEYED, RENTED, Untold("D3", "404")])
    assert told["sum"] == {"one_fen": 4_000_100, "other_fen": 4_000_001, "difference_fen": -99}
    assert told["untold"] == [{"name": "D3", "why": "404"}]
    assert told["deals"][0]["shares"][1] == {"to": "K", "one_fen": 600_000, "other_fen": 300_000, "difference_fen": -300_000}


def test_on_a_narrow_terminal_ids_can_be_copied_and_amounts_are_whole() -> None:
    long = replace_names(KEYED, f"dea_{'0' * 26}", {"C": f"psn_{'1' * 26}"})
    rows = [" ".join(line.split()) for line in printed(differing.shown(A, B, [long, RENTED]), width=80).splitlines()]
    assert f"成交 deal dea_{'0' * 26}" in rows
    at = rows.index(f"归属 to psn_{'1' * 26}")
    assert rows[at + 1 : at + 4] == ["A 版本 version 1 1,500,000", "B 版本 version 1 1,800,000", "差额 difference +300,000"]


def replace_names(deal: Deal, name: str, names: dict[str, str]) -> Deal:
    return Deal(name, deal.state, deal.facts, deal.scope, names)


def test_a_cancelled_deal_says_so() -> None:
    cancelled = Deal("D9", "cancelled", KEYED.facts)
    assert "D9 已撤销 cancelled" in " ".join(printed(differing.shown(A, B, [cancelled])).split())


def test_a_cancelled_deal_is_listed_and_stands_in_no_sum() -> None:
    deals = [KEYED, Deal("D9", "cancelled", KEYED.facts)]
    rows = [" ".join(line.split()) for line in printed(differing.shown(A, B, deals)).splitlines()]
    assert rows.count("合计 sum 3,000,000 3,000,000 0") == 3, "each deal's, and that of the totals, which is the first's alone"
    assert any("2 笔成交，1 笔有差异，1 笔已撤销、不计入总计" in row for row in rows)
    told = differing.as_json(A, B, deals)
    assert told["sum"] == {"one_fen": 3_000_000, "other_fen": 3_000_000, "difference_fen": 0}
    assert {each["to"]: each["difference_fen"] for each in told["totals"]} == {"R": 0, "K": -300_000, "C": 300_000, "E": 0}
    assert [each["state"] for each in told["deals"]] == ["settled", "cancelled"]
    assert [each.deal.name for each in differing.differ(differing.compare(each, A, B) for each in deals)] == ["D1"]


def test_a_pack_of_ones_own_is_compared_like_any_other(tmp_path: Path) -> None:
    pack: Pack = load(written(tmp_path, own()))
    facts = replace(with_listing(a_sale(), exclusives=(EXCLUSIVE,)), named={"adviser": "M"})
    assert ("M", 0, 150_000, 150_000) in shares(differing.compare(deal("D1", facts), A, pack))


@pytest.mark.parametrize(
    ("packs", "why"),
    [
        (("A", "nothing"), "没有制度包 nothing：既没有 packs/nothing.yaml，也没有这个文件。 unknown pack nothing"),
        (("bad.yaml", "A"), "bad.yaml：version 缺失。 bad.yaml: version is missing"),
    ],
)
def test_a_pack_that_cannot_be_compared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packs: tuple[str, str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text("id: bad\nclauses: []\n", encoding="utf-8")
    run = CliRunner().invoke(app, ["pack", "diff", *packs, "story.yaml"])
    assert run.exit_code == 2
    assert why in run.output


def test_stories_that_are_refused_start_no_server(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    story.write_text("id: T1\n", encoding="utf-8")
    run = CliRunner().invoke(app, ["pack", "diff", "A", "B", str(story)])
    assert run.exit_code == 2
    assert "未比较 not compared" in run.output


def test_without_cases_a_running_fenyong_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENYONG_ADDRESS", raising=False)
    run = CliRunner().invoke(app, ["pack", "diff", "A", "B", "--folder", str(tmp_path)])
    assert run.exit_code == 2
    assert "为数据的 Fenyong 在运行" in run.output
    assert "Nothing runs here" in run.output
