"""How a thing is said in both languages, filled in from facts; and what fields, violations, notes, states and roles are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_SHANGHAI: Final = timezone(timedelta(hours=8))  # no summer time since 1991, which is before anything this product records

_PLACE: Final = re.compile(r"\{(\w+)\}")

_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages."""

    zh: str
    en: str

    def said(self, language: Language, facts: Mapping[str, object] | None = None) -> str:
        """Filled in from the facts; a bracketed part with a missing fact vanishes, a missing fact elsewhere stays as its name."""
        text = self.zh if language == "zh" else self.en
        known = {name: _shown(fact, name, language) for name, fact in (facts or {}).items() if fact is not None}
        text = _OPTIONAL.sub(lambda part: part[1] if all(name in known for name in _PLACE.findall(part[1])) else "", text)
        return _PLACE.sub(lambda place: known.get(place[1], place[1]), text)


def _shown(fact: object, name: str, language: Language) -> str:
    match fact:
        case datetime():
            return fact.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return fact.isoformat()
        case str():
            words = _LABELLED.get(name, {}).get(fact)
            return fact if words is None else words.said(language)
        case Collection():
            return ("、" if language == "zh" else ", ").join(_shown(item, name, language) for item in fact)
        case _:
            return str(fact)


def label(code: str, language: Language) -> str:
    """The readable name of a violation, note, state, role or line's role; the code itself when it has none."""
    words = LABELS.get(code)
    return code if words is None else words.said(language)


FIELDS: Final[dict[str, Words]] = {
    "floor": Words("楼层", "floor"),
    "area": Words("面积", "area"),
    "area_m2": Words("面积", "area"),
    "orientation": Words("朝向", "orientation"),
    "price": Words("价格", "price"),
    "phone": Words("电话", "phone"),
    "needs": Words("特殊需求", "special needs"),
    "name": Words("姓名", "name"),
    "community": Words("小区", "community"),
    "building": Words("栋", "building"),
    "unit": Words("单元", "unit"),
    "room": Words("房号", "room"),
    "owner_phone": Words("业主电话", "owner's phone"),
    "bedrooms": Words("居室", "bedrooms"),
    "title_certificate": Words("产权证", "title certificate"),
    "decoration": Words("装修", "decoration"),
    "text": Words("内容", "text"),
    "came_at": Words("到店（来电）时间", "when they came"),
    "left_at": Words("离店时间", "when they left"),
    "companions": Words("随行人员", "companions"),
    "wish": Words("需求", "wish"),
    "source": Words("信息来源", "source"),
    "summary": Words("沟通概况", "summary"),
    "agent": Words("经纪人", "agent"),
    "on": Words("日期", "day"),
    "what": Words("事项", "what for"),
    "chosen": Words("客户另选了什么", "what was chosen instead"),
    "listing": Words("房源", "listing"),
    "client": Words("客源", "client"),
    "closers": Words("成交人", "closers"),
    "senior": Words("资深经纪人", "senior"),
    "maintainer": Words("代维护人", "maintainer"),
    "person": Words("人员", "person"),
    "to": Words("归属或收款方", "holder or payee"),
    "for": Words("录入人", "the agent it is entered for"),
    "lines": Words("分成行", "lines"),
    "signer": Words("签约人", "signer"),
    "company": Words("公司", "company"),
    "pack": Words("制度包", "pack"),
    "follow_up": Words("跟进", "follow-up"),
    "reason": Words("理由", "reason"),
    "deal": Words("成交", "deal"),
    "against": Words("被投诉人", "whom it is complained of"),
    "number": Words("序号", "number"),
    "from": Words("起始日期", "first day"),
    "evidence": Words("证据", "evidence"),
    "named": Words("按角色指名的人员", "the people named by role"),
    "photo": Words("照片", "photo"),
    "photos": Words("照片", "photos"),
    "acquired_at": Words("获取时间", "when it was acquired"),
    "rests_on": Words("裁决依据", "what the ruling rests on"),
}

# What a field is expected to hold.
EXPECTED: Final[dict[str, Words]] = {
    "string": Words("文字", "a text"),
    "int": Words("整数", "a whole number"),
    "decimal": Words("数字", "a number"),
    "float": Words("数字", "a number"),
    "bool": Words("是或否", "true or false"),
    "list": Words("列表", "a list"),
    "tuple": Words("列表", "a list"),
    "dict": Words("对象", "an object"),
    "model": Words("对象", "an object"),
}

VIOLATIONS: Final[dict[str, Words]] = {
    "late_entry": Words("录入超时", "late entry"),
    "agent_phone_as_owner": Words("以员工电话充当业主电话", "an employee's phone as the owner's"),
    "duplicate_entry": Words("恶意重复录入", "deliberate duplicate"),
    "canned_follow_up": Words("套话跟进", "canned follow-up"),
    "private_dealing": Words("私单", "private dealing"),
    "hoarding": Words("捂盘", "hoarding"),
    "leak": Words("泄露内部信息", "giving out what is in the system"),
}

NOTES: Final[dict[str, Words]] = {
    "exclusive_on_rental": Words("租赁房源的独家不改变分成", "an exclusive on a rental changes nothing"),
    "undeclared_key": Words("钥匙未在跟进中说明，不计分成", "the key was not declared in a follow-up and earns nothing"),
    "undeclared_exclusive": Words("独家未在跟进中说明，不计分成", "the exclusive was not declared in a follow-up and changes nothing"),
    "by_analogy": Words("比照条款处理", "by analogy with the clause"),
    "bank_rebate": Words("含银行返佣，注意合规", "contains a bank rebate: mind compliance"),
    "unauthorised_signature": Words("签约人无授权", "signed without authority"),
}

# The states of a deal; those of a violation are below.
STATES: Final[dict[str, Words]] = {
    "signed": Words("已签约", "signed"),
    "reported": Words("已报成交", "reported"),
    "awaiting_evidence": Words("等待各方记录到齐", "awaiting evidence"),
    "settled": Words("已结算", "settled"),
    "blocked": Words("已冻结", "blocked"),
    "cancelled": Words("已撤销", "cancelled"),
}

ANSWERED: Final[dict[str, Words]] = {
    "proposed": Words("待处理", "proposed"),
    "confirmed": Words("已确认", "confirmed"),
    "dropped": Words("已撤销", "dropped"),
    "appealed": Words("申诉中", "appealed"),
    "upheld": Words("维持", "upheld"),
}

COMPLAINTS: Final[dict[str, Words]] = {
    "registered": Words("已登记", "registered"),
    "assigned": Words("已分派", "assigned"),
    "answered": Words("已答复", "answered"),
    "closed": Words("已结案", "closed"),
}

GRADINGS: Final[dict[str, Words]] = {
    "drafted": Words("待确认", "drafted"),
    "confirmed": Words("已确认", "confirmed"),
    "withdrawn": Words("已撤回", "withdrawn"),
}

GRADED: Final = Words(
    "{year}年度评级：{score}分，{of}人中第{rank}名[，同分{tied}人]；第{last}名以内为{grade}级[，{raised}人因同分取高一级]。",
    "Grading of {year}: a score of {score}, rank {rank} of {of}[, shared by {tied}]; places up to {last} are grade {grade}"
    "[, and by the tie {raised} more].",
)
"""Why a client has a grade (G-2)."""

LOWERED: Final = Words("{quarter}季度逾期付款，降为{grade}级。", "Late payments in {quarter} lowered it to {grade}.")
"""Why it is not that one any more (G-3)."""

# How a client's file was closed.
CLOSED: Final[dict[str, Words]] = {
    "given_up": Words("已战败", "given up"),
    "handed_over": Words("已交房", "handed over"),
}

# What a half-yearly check of files finds (K-9).
FINDINGS: Final[dict[str, Words]] = {
    "no_source": Words("缺信息来源", "no source"),
    "no_level": Words("缺意向级别", "no level"),
    "no_plan": Words("缺下次回访计划", "no plan"),
    "no_check": Words("缺主管审核", "no check by the manager"),
    "stale": Words("长期未联系", "stale"),
    "duplicate": Words("重户", "a duplicate"),
}

ROLES: Final[dict[str, Words]] = {
    "agent": Words("经纪人", "agent"),
    "store_manager": Words("店长", "store manager"),
    "area_manager": Words("区域经理", "area manager"),
    "director": Words("总监", "director"),
    "general_manager": Words("总经理", "general manager"),
    "legal_representative": Words("法定代表人", "legal representative"),
    "legal": Words("法务", "legal"),
    "finance": Words("财务", "finance"),
    "personnel": Words("人事", "personnel"),
    "service_manager": Words("客服经理", "service manager"),
    "auditor": Words("审计", "auditor"),
    "administrator": Words("系统管理员", "administrator"),
    "hq": Words("总部", "head office"),
}

DUPLICATE_CLIENT: Final = Words("重户：同一客户的第{number}次重复录入", "Duplicate {number} of a client who was entered before")
"""The remark that a duplicate carries (A-2.5)."""

# Whose it is to do.
WHOSE: Final[dict[str, Words]] = {
    "own": Words("归属人、录入人、当事人或其上级", "whoever holds it, recorded it or is party to it, and those above them"),
    "below": Words("所管门店或区域的经理", "those who manage that store or area"),
    "concerned": Words("当事人本人", "whom it concerns, and nobody in their name"),
    "in_post": Words("在职人员", "those who are in post"),
}

LABELS: Final[dict[str, Words]] = VIOLATIONS | NOTES | STATES | GRADINGS | ANSWERED | COMPLAINTS | ROLES | CLOSED | FINDINGS

_LABELLED: Final[dict[str, dict[str, Words]]] = {
    "missing": FIELDS,
    "field": FIELDS,
    "state": LABELS,
    "kind": VIOLATIONS,
    "status": LABELS,
    "finding": FINDINGS,
    "role": LABELS,
    "beside": LABELS,
    "whose": WHOSE,
    "expected": EXPECTED,
}
"""Facts whose values have a name in both languages."""
