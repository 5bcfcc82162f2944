"""A replayed deal as a ruling that can be read: evidence, facts, lines, and what was settled. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.cases.scalars import SHANGHAI
from deploy.tables import Fitting
from shared.problems import NOTES, ROLES, STATES, VIOLATIONS, Words

_STEMS = "甲乙丙丁戊己庚辛壬癸"

LINE_ROLES = {
    "listing": Words("房源方", "listing"),
    "listing_recorder": Words("房源录入人", "listing, recorder"),
    "listing_holder": Words("房源归属人", "listing, holder"),
    "exclusive": Words("独家代理方", "exclusive"),
    "survey": Words("实勘图", "survey"),
    "plan": Words("户型图", "floor plan"),
    "key": Words("拿钥匙方", "key"),
    "closing": Words("成交方", "closing"),
    "client": Words("客户方", "client"),
    "company": Words("公司", "company"),
}

ENTRIES = {
    "company.Founded": Words("公司设立", "company founded"),
    "person.Joined": Words("入职", "joined"),
    "person.Transferred": Words("调岗", "transferred"),
    "person.Confirmed": Words("转正", "confirmed"),
    "person.Left": Words("离职", "left"),
    "person.LeaveGranted": Words("准假", "leave granted"),
    "person.LeaveApproved": Words("人事批假", "leave approved"),
    "listing.Entered": Words("录入房源", "listing entered"),
    "listing.Completed": Words("补充房源", "listing completed"),
    "listing.FollowedUp": Words("房源跟进", "followed up"),
    "listing.KeyTaken": Words("拿钥匙", "key taken"),
    "listing.KeyReturned": Words("还钥匙", "key returned"),
    "listing.ExclusiveSigned": Words("签独家", "exclusive signed"),
    "listing.Surveyed": Words("实勘", "surveyed"),
    "listing.FloorPlanned": Words("画户型图", "floor plan drawn"),
    "listing.Shown": Words("房源带看", "shown"),
    "listing.Concealed": Words("加密", "concealed"),
    "listing.ConcealmentRenewed": Words("加密续期", "concealment renewed"),
    "listing.Revealed": Words("解密", "revealed"),
    "listing.Marked": Words("改状态", "marked"),
    "listing.Reassigned": Words("分配房源", "reassigned"),
    "listing.Refuted": Words("否定", "refuted"),
    "listing.DuplicateFound": Words("认定重复", "duplicate found"),
    "listing.HolderLeft": Words("归属人离职", "holder left"),
    "listing.DealStands": Words("成交占位", "deal stands"),
    "listing.DealFell": Words("成交撤销", "deal fell"),
    "listing.Lapsed": Words("归属到期", "lapsed"),
    "listing.TermEnding": Words("即将到期", "term ending"),
    "listing.Rescheduled": Words("改按新制度计期", "rescheduled"),
    "listing.ConcealmentEnded": Words("加密到期", "concealment ended"),
    "listing.PhotoUploaded": Words("上传照片", "photo uploaded"),
    "listing.WatermarkFound": Words("发现水印", "watermark found"),
    "client.Entered": Words("录入客源", "client entered"),
    "client.FollowedUp": Words("客源跟进", "client followed up"),
    "client.Viewed": Words("带看", "viewing"),
    "client.SeniorNamed": Words("指定老经纪人", "senior named"),
    "client.Claimed": Words("认领客源", "client claimed"),
    "client.Reassigned": Words("分配客源", "client reassigned"),
    "client.HolderLeft": Words("归属人离职", "holder left"),
    "client.DealStands": Words("成交占位", "deal stands"),
    "client.DealFell": Words("成交撤销", "deal fell"),
    "client.Lapsed": Words("归属到期", "client lapsed"),
    "client.TermEnding": Words("即将到期", "term ending"),
    "client.Rescheduled": Words("改按新制度计期", "rescheduled"),
    "client.Amended": Words("更正资料", "amended"),
    "client.LevelSet": Words("定意向等级", "level set"),
    "client.ContactPlanned": Words("计划下次联系", "next contact planned"),
    "client.Checked": Words("主管检查", "checked by a manager"),
    "client.Examined": Words("半年档案检查", "file examined"),
    "client.FindingExcused": Words("免予整改", "finding excused"),
    "client.LossReported": Words("报流失", "loss reported"),
    "client.LossAccepted": Words("确认流失", "loss accepted"),
    "client.LossReturned": Words("退回流失报告", "loss returned"),
    "client.Reopened": Words("重新启用", "reopened"),
    "client.MarkedImportant": Words("列为重要客户", "marked important"),
    "client.UnmarkedImportant": Words("取消重要客户", "no longer important"),
    "client.ContactAdded": Words("增加联系人员", "agent in contact added"),
    "client.ContactRemoved": Words("减少联系人员", "agent in contact removed"),
    "client.HandedOver": Words("交接", "handed over"),
    "client.ClientTold": Words("已告知客户接手人", "told who is next"),
    "deal.Signed": Words("签约", "signed"),
    "deal.Reported": Words("成交战报", "deal reported"),
    "deal.ListingAttached": Words("补挂房源", "listing attached"),
    "deal.LateListingSignedOff": Words("签字认证", "late listing signed off"),
    "deal.PrivateDealingFound": Words("认定私单", "private dealing found"),
    "deal.EvidenceAwaited": Words("等待记录", "evidence awaited"),
    "deal.Settled": Words("结算", "settled"),
    "deal.Rebooked": Words("冲正重记", "rebooked"),
    "deal.Adjudicated": Words("公司裁定", "adjudicated"),
    "deal.DisputeOpened": Words("提出争议", "disputed"),
    "deal.DisputeStated": Words("陈述", "stated in the dispute"),
    "deal.ExhibitFiled": Words("提交证据", "filed evidence"),
    "deal.DisputeRuled": Words("裁决", "ruled on"),
    "deal.DisputeAppealed": Words("提请二审", "taken to the second instance"),
    "deal.Cancelled": Words("撤销成交", "cancelled"),
    "pack.Activated": Words("制度生效", "pack activated"),
    "listing.ViolationFound": Words("发现违规", "violation found"),
    "client.ViolationFound": Words("发现违规", "violation found"),
}

FEES = {
    "agency": Words("中介费", "agency"),
    "information": Words("信息费", "information"),
    "bank_rebate": Words("银行返费", "bank rebate"),
    "loan_service": Words("贷款服务费", "loan service"),
    "other": Words("其他", "other"),
}
_SHOWN_FACTS = (
    "kind", "channel", "about", "outcome", "text", "form", "until", "to", "status", "what", "reason", "before", "after", "holder",
)  # fmt: skip
_TEXT_MOST = 48


def ruling(replay: Mapping[str, Any], *, what_if: bool = False) -> RenderableType:
    """The whole replay as one page: what it was judged on, who holds since when, what each gets and why, and whether that was settled.

    what_if: it was asked under another pack or from another point of view, so that a difference is what was asked for.
    """
    who = _Who(replay)
    parts: list[RenderableType] = [_head(replay), _timeline(replay, who), *_holding(replay, who), _lines(replay, who)]
    if replay.get("notes"):
        parts.append(Text("备注 Notes: " + "; ".join(_both(NOTES, note) for note in replay["notes"])))
    parts += [_people(replay, who), _conclusion(replay, who, what_if)]
    return Panel(Group(*parts), title=f"分佣重演 Replay of deal {replay['deal']}", box=box.DOUBLE, padding=(1, 2))


def _evidence(replay: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The timeline without the postings up to closing: whose post was which stands with the people."""
    return [entry for entry in replay.get("timeline") or () if entry["late"] or not entry["type"].startswith("person.Joined")]


class _Who:
    """People named as rulings name them, 甲 乙 丙: first those of the lines as settled, then as replayed, then of the evidence."""

    def __init__(self, replay: Mapping[str, Any]) -> None:
        lines = [*((replay.get("settled") or {}).get("lines") or ()), *(replay.get("lines") or ())]
        entries = _evidence(replay)
        acting = [name for entry in entries for name in (entry.get("by"), *_subject(entry), *_texts_in(entry.get("facts")))]
        people = dict.fromkeys(one for one in (*(line["to"] for line in lines), *acting) if isinstance(one, str) and one.startswith("psn_"))
        self.names = {person: _stem(place) for place, person in enumerate(people)}

    def name(self, id: object) -> str:
        """A short name; what is no person keeps its own."""
        match str(id):
            case "company":
                return "公司"
            case team if team.startswith("team:"):
                return f"{team.removeprefix('team:')} 组"
            case other:
                return self.names.get(other, other)

    def said(self, text: str) -> str:
        """A text with ids of people replaced by their names."""
        for id, name in self.names.items():
            text = text.replace(id, name)
        return text


def _stem(place: int) -> str:
    turn, stem = divmod(place, len(_STEMS))
    return _STEMS[stem] + (str(turn + 1) if turn else "")


def _subject(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom an entry of a person's own stream is about."""
    id = str(entry["entry"]).partition("@")[0]
    return (id,) if id.startswith("psn_") else ()


def _texts_in(facts: object) -> Iterator[str]:
    if isinstance(facts, str):
        yield facts
    elif isinstance(facts, Mapping):
        for fact in facts.values():
            yield from _texts_in(fact)
    elif isinstance(facts, list):
        for fact in facts:
            yield from _texts_in(fact)


def _head(replay: Mapping[str, Any]) -> RenderableType:
    pack = replay.get("pack") or {}
    fees = (replay.get("facts") or {}).get("fees_fen") or {}
    rows = (
        ("状态 State", _both(STATES, str(replay["state"]))),
        ("成交时间 Closing time", _time(replay.get("closing_time"))),
        ("适用制度 Pack", f"{pack.get('id')} {pack.get('version')}  (SHA-256 {str(pack.get('digest'))[:16]}…)"),
        ("各项费用 Fees", ", ".join(f"{_both(FEES, fee)} {_yuan_of(fen)}" for fee, fen in fees.items())),
        ("计提总额 Base", _yuan(replay.get("base"))),
        ("所述时点 As of", _time(replay.get("as_of"))),
        ("所知时点 Known at", _time(replay.get("known_at"))),
    )
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        if value:
            table.add_row(Text(name, style="bold"), value)
    return Group(table, Text())


def _timeline(replay: Mapping[str, Any], who: _Who) -> RenderableType:
    """Every entry in the order in which it counts; late ones are marked, since they change nothing."""
    table = Table(title="证据 Evidence", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("记录时间\nrecorded", "发生时间\nhappened", "何人\nwho"):
        table.add_column(heading)
    for heading in ("何事\nwhat", "计入条款\ncounts for", "出处\nentry"):
        table.add_column(heading, overflow="fold")
    for entry in _evidence(replay):
        table.add_row(*_timeline_row(entry, who), style="dim" if entry["late"] else None)
    return Fitting(table)


def _timeline_row(entry: Mapping[str, Any], who: _Who) -> tuple[RenderableType, ...]:
    recorded, happened = _time(entry["recorded_at"]), _time(entry["at"])
    is_late = entry["late"] and not str(entry["type"]).startswith("deal.")
    return (
        recorded,
        "" if happened == recorded else happened,
        who.name(entry.get("by") or ""),
        _told(entry, who),
        Text("迟录不计 late: no effect", style="yellow") if is_late else "、".join(entry.get("counts_for") or ()),
        f"{entry['service']} {_short(entry['entry'])}",
    )


def _told(entry: Mapping[str, Any], who: _Who) -> RenderableType:
    facts = entry.get("facts") or {}
    violation = facts.get("violation") or {}
    details = [who.name(person) for person in _subject(entry)]
    details += [f"{_both(VIOLATIONS, violation['kind'])} {violation['clause']}"] if violation else []
    details += [f"{name}: {_fact(facts[name], who)}" for name in _SHOWN_FACTS if facts.get(name) not in (None, "", [], {})]
    return Text.assemble((_both(ENTRIES, entry["type"].partition(":")[0]), "bold"), "\n" if details else "", ", ".join(details))


def _fact(fact: object, who: _Who) -> str:
    if isinstance(fact, str):
        text = who.name(fact) if fact.startswith("team:") else who.said(fact)
        return text if len(text) <= _TEXT_MOST else text[:_TEXT_MOST] + "…"
    return str(fact)


def _holding(replay: Mapping[str, Any], who: _Who) -> Iterator[RenderableType]:
    """How the listing changed hands up to closing, lapses included: they follow from the entries and the clock."""
    listing = (replay.get("facts") or {}).get("listing") or {}
    if not listing.get("moves"):
        return
    table = Table(title="房源归属 How the listing changed hands", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("自\nfrom", "归属\nholder", "依据条款\nby clause", "证据\non entries"):
        table.add_column(heading)
    table.add_row("", who.name(listing["recorder"]), "录入 entered", _all_short(listing.get("entered_evidence")))
    for move in listing["moves"]:
        table.add_row(_time(move["at"]), who.name(move["to"]), move.get("clause") or "分配 reassigned", _all_short(move.get("evidence")))
    yield Fitting(table)


def _lines(replay: Mapping[str, Any], who: _Who) -> RenderableType:
    table = Table(title="分成 Split", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    lines = replay.get("lines") or ()
    points = sum((Fraction(str(line["points"])) for line in lines), Fraction())
    fen = sum(int(line["amount"]["amount"]) for line in lines)
    table.add_column("项目\npart", footer="合计 sum")
    table.add_column("归属\nto")
    table.add_column("点\npoints", justify="right", no_wrap=True, footer=str(points))
    table.add_column("金额（元）\nyuan", justify="right", no_wrap=True, footer=_yuan_of(fen))
    table.add_column("业绩\ncredit")
    table.add_column("依据条款\nby clause", overflow="fold")
    table.add_column("证据\non entries", overflow="fold")
    for line in lines:
        table.add_row(*_line_row(line, who, replay.get("roles") or {}))
    return Fitting(table)


def _role(code: str, roles: Mapping[str, Mapping[str, str]]) -> str:
    """A role's name; one of a company's own, as its pack calls it."""
    own = roles.get(code)
    return f"{own['zh']} {own['en']}" if own is not None else _both(LINE_ROLES, code)


def _line_row(line: Mapping[str, Any], who: _Who, roles: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    by_analogy = "（比照 by analogy）" if line.get("by_analogy") else ""
    return (
        _role(line["role"], roles),
        who.name(line["to"]),
        str(line["points"]),
        _yuan(line["amount"]),
        "公司 company" if line["credit"] == "company" else str(line["credit"]),
        "、".join(line.get("clauses") or ()) + by_analogy,
        _all_short(line.get("evidence")),
    )


def _people(replay: Mapping[str, Any], who: _Who) -> RenderableType:
    """Who is who, and where they stood at closing."""
    standings = (replay.get("facts") or {}).get("people") or {}
    table = Table(title="人员 People, as they stood at closing", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "编号\nid", "门店\nstore", "组\nteam", "职位\npost", "证据\non entries"):
        table.add_column(heading, no_wrap=heading.endswith("id"))
    for person, name in who.names.items():
        one = standings.get(person) or {}
        post = _both(ROLES, one.get("role", "agent")) if one else ""
        post += "（新人 newcomer）" if one.get("newcomer") else ""
        post += "（已离职 has left）" if one.get("in_post") is False else ""
        table.add_row(
            Text(name, style="bold"), person, one.get("store") or "", one.get("team") or "", post, _all_short(one.get("evidence"))
        )
    return Fitting(table)


def _conclusion(replay: Mapping[str, Any], who: _Who, what_if: bool) -> RenderableType:
    """Whether the replay is what was settled, to the byte, and where it is not."""
    settled = replay.get("settled")
    if not settled:
        return Text("\n结论 尚未结算，以上为按现有记录试算。 Not settled yet: this is what the records give now.", style="bold")
    if replay.get("same"):
        why = "结论 与结算逐分一致。 The replay equals what was settled, to the fen."
        return Text(f"\n{why}\n结算摘要 Digest: SHA-256 {settled['digest']}", style="bold green")
    table = Table(title="与结算之差 Difference to what was settled", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("项目\npart", "归属\nto", "结算（元）\nsettled", "重演（元）\nreplayed"):
        table.add_column(heading, no_wrap="元" in heading)
    for one in replay.get("difference") or ():
        table.add_row(_role(one["role"], replay.get("roles") or {}), who.name(one["to"]), _yuan(one["settled"]), _yuan(one["replayed"]))
    told = Text("\n假设推演，不写入任何记录。 What if: nothing is written.", style="bold yellow")
    if not what_if:
        told = Text("\n结论 与结算不一致。 The replay is not what was settled.", style="bold red")
    return Group(told, Fitting(table), *_alterations(replay))


def _alterations(replay: Mapping[str, Any]) -> Iterable[RenderableType]:
    altered = replay.get("altered") or ()
    if altered:
        yield Text(f"与结算时不同的证据 Evidence that is not what it was: {' '.join(altered)}", style="bold red")


def _both(words: Mapping[str, Words], code: str) -> str:
    known = words.get(code)
    return f"{known.zh} {known.en}" if known else code


def _short(entry: str) -> str:
    """`lst_…7QK2@3`: the end of an id tells entries of one deal apart."""
    id, at, version = entry.partition("@")
    prefix, _, rest = id.partition("_")
    return f"{prefix}_…{rest[-4:]}{at}{version}" if len(rest) > 4 else entry


def _all_short(entries: Iterable[str] | None) -> str:
    return " ".join(_short(entry) for entry in entries or ())


def _time(written: object) -> str:
    """Shanghai's time, without what is nought."""
    if not isinstance(written, str):
        return ""
    at = datetime.fromisoformat(written).astimezone(SHANGHAI)
    return at.strftime("%Y-%m-%d %H:%M" + (":%S" if at.second or at.microsecond else ""))


def _yuan(money: object) -> str:
    if money is None:
        return ""
    return _yuan_of(int(money["amount"] if isinstance(money, Mapping) else str(money)))


def _yuan_of(fen: int) -> str:
    """Yuan with two places, from whole fen."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"
