"""What stands in the tables of `fenyong pack`, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from services.commission.rules import combining
from shared.problems import Words
from shared.regulation import Pack

ROLES: Mapping[str, Words] = {
    "listing": Words("房源方", "listing"),
    "exclusive": Words("独家代理方", "exclusive"),
    "survey": Words("实勘图", "survey"),
    "plan": Words("户型图", "plan"),
    "key": Words("拿钥匙方", "key"),
    "closing": Words("成交方", "closing"),
    "client": Words("客户方", "client"),
    "company": Words("公司", "company"),
}
"""Columns; the parts of a divided listing side stand in one."""

FAMILY: Mapping[str, str] = {"listing_recorder": "listing", "listing_holder": "listing"}

SOURCES: Mapping[str, Words] = {
    "listing_recorder": Words("房源录入人", "who entered the listing"),
    "listing_holder": Words("成交时归属人", "who holds the listing at closing"),
    "key_holder": Words("拿钥匙人", "who holds the key that counts"),
    "exclusive_signer": Words("独家签约人", "who signed the exclusive that counts"),
    "surveyor": Words("实勘人", "whose survey counts"),
    "plan_drawer": Words("户型图绘制人", "whose floor plan counts"),
    "first_viewer": Words("首看人", "who first showed this client this listing"),
    "first_viewer_of_any": Words("最早带看人", "who first showed this client any listing"),
    "client_recorder": Words("客源录入人", "who entered the client"),
    "first_client_recorder": Words("最早录入客源的人", "who first entered the client"),
    "senior": Words("老经纪人", "the senior named on the client"),
    "first_closer": Words("首列成交人", "the closer named first"),
    "other_closers": Words("其他成交人", "the other closers"),
    "closers": Words("全部成交人", "all closers"),
    "named": Words("战报所列", "whom the report names"),
}

OUTCOMES: Mapping[str, Words] = {
    "company": Words("公司", "company"),
    "pro_rata": Words("按比例分给其他角色", "the others, pro rata"),
    "keeps": Words("保留", "kept"),
}

PEOPLE: Mapping[str, Words] = {
    "recorder": Words("录入人", "who entered the listing"),
    "holder": Words("归属人", "who holds it since"),
    "team:G1": Words("本组", "the team's account"),
    "exclusive_signer": Words("签约人", "who signed the exclusive"),
    "surveyor": Words("实勘人", "who surveyed"),
    "plan_drawer": Words("绘图人", "who drew the plan"),
    "key_holder": Words("钥匙人", "who holds the key"),
    "first_viewer": Words("首看人", "who first showed it"),
    "first_viewer_of_any": Words("最早带看人", "who first showed any listing"),
    "client_recorder": Words("客源人", "who entered the client"),
    "first_client_recorder": Words("首录人", "who first entered the client"),
    "senior": Words("老经纪人", "the senior agent"),
    "maintainer": Words("代维护人", "the maintainer during a leave"),
    "closer": Words("成交人", "the closer"),
    "closer_2": Words("成交人二", "the second closer"),
    "closer_3": Words("成交人三", "the third closer"),
    "company": Words("公司", "the company"),
}

CONDITIONS: Mapping[str, Words] = {
    "kind": Words("类型", "kind"),
    "exclusive": Words("独家", "exclusive"),
    "key": Words("钥匙", "key"),
    "survey": Words("实勘", "survey"),
    "plan": Words("户型图", "plan"),
    "closers": Words("成交人", "closers"),
    "listing": Words("房源归属", "listing held by"),
    "client": Words("客源录入", "client entered by"),
    "first_viewer": Words("首看", "first viewing"),
    "first_viewer_of_any": Words("带看过任一房源", "viewing of any listing"),
    "senior": Words("老经纪人", "senior"),
}

VALUES: Mapping[tuple[str, str | bool], Words] = {
    ("kind", "sale"): Words("买卖", "sale"),
    ("kind", "rental"): Words("租赁", "rental"),
    ("closers", "one"): Words("一名", "one"),
    ("closers", "several"): Words("多名", "several"),
    ("listing", "recorder"): Words("录入人", "recorder"),
    ("listing", "another"): Words("他人", "another"),
    ("listing", "team"): Words("本组", "team"),
    ("client", "another"): Words("他人", "another"),
    ("client", "closer"): Words("成交人", "closer"),
}
YES, NO, ANY = Words("有", "yes"), Words("无", "no"), "—"
ALL_EARNED = Words("全部取得", "all is earned")
AS_THERE = "·"
"""In a cell: no other than where all is earned."""

CHANGES: Mapping[str, Words] = {
    "two_closers": Words("两名成交人", "two closers"),
    "three_closers": Words("三名成交人", "three closers"),
    "newcomer": Words("成交人是新人，有老经纪人", "the closer is a newcomer with a senior"),
    "duplicate": Words("客源为重户", "the client is a duplicate"),
    "idle": Words("房源人未跟进", "the listing agent did not follow up"),
    "leave_kept": Words("房源人休假，代维护人有跟进", "agent on leave, the maintainer followed up"),
    "leave_idle": Words("房源人休假，代维护人未跟进", "agent on leave, the maintainer did not"),
    "inaccurate": Words("核心信息不准确", "core information inaccurate"),
    "incorrect": Words("房源不正确", "the entry is not correct"),
    "late": Words("成交后才录入", "entered after closing"),
    "absent": Words("房源不在系统中", "not in the system"),
    "private": Words("成交人私单", "the closer dealt privately"),
}


def role(name: str, pack: Pack) -> Words:
    """A role of the regulation's, or of the pack's own by its title."""
    own = pack.roles.get(name)
    return Words(own.title["zh"], own.title["en"]) if own is not None else ROLES.get(name, Words(name, name))


def person(id: str, pack: Pack) -> Words:
    """Who stands in a combination; whom the report names is called as the role."""
    if id.startswith(combining.NAMED):
        return role(id.removeprefix(combining.NAMED), pack)
    return PEOPLE[id]


def condition(name: str, pack: Pack) -> Words:
    if name.startswith(combining.NAMED):
        title = role(name.removeprefix(combining.NAMED), pack)
        return Words(f"战报所列{title.zh}", f"{title.en} named")
    return CONDITIONS[name]


def value(name: str, chosen: str | bool) -> Words:
    return (YES if chosen else NO) if isinstance(chosen, bool) else VALUES[name, chosen]


def otherwise(name: str, chosen: str | bool, pack: Pack) -> Words:
    """One condition that is not as where all is earned."""
    about, said = condition(name, pack), value(name, chosen)
    if isinstance(chosen, bool):
        return Words(f"无{about.zh}", f"no {about.en}")
    return Words(f"{about.zh}：{said.zh}", f"{about.en}: {said.en}")


def change(name: str, pack: Pack) -> Words:
    """What comes on top of a combination."""
    if name.startswith(combining.LEFT):
        who = person(name.removeprefix(combining.LEFT), pack)
        return Words(f"{who.zh}已离职", f"has left: {who.en}")
    return CHANGES[name]
