"""Why `fenyong pack` refuses, in Chinese first and English second: of plans and of packs by name, beside the reasons of packs."""

from __future__ import annotations

import re

from shared.regulation import in_chinese

_SAID = (
    (r"lacks (\S+)", "缺 {0}"),
    (r"(\S+) is no part of a plan; its parts are pack, from and store", "计划没有 {0} 这一项；只有 pack、from、store"),
    (r"is a mapping of pack, from and store", "应为 pack、from、store 的映射"),
    (r"(\S+) is a single value", "{0} 应为单个值"),
    (r"(\S+) has no value", "{0} 没有值"),
    (r"(\S+): there is no (.+)", "{0}：没有 {1} 这个日期或时刻"),
    (r"(\S+): (.+) is no date such as (.+)", "{0}：{1} 不是 {2} 这样的日期"),
    (r"(\S+): (.+) is no time such as (.+)", "{0}：{1} 不是 {2} 这样的时刻"),
    (r"unknown pack (.+): neither (.+) nor a file", "没有制度包 {0}：既没有 {1}，也没有这个文件"),
    (r"the pack (.+) is no mapping", "制度包 {0} 应为“名称: 值”的映射"),
    (r"the pack (.+) cannot be read: (.+)", "制度包 {0} 无法读取：{1}"),
    (
        r"another pack is activated from the same instant for the same scope \(the company, (.+)\)",
        "同一范围（公司，{0}）已有另一制度包从同一时刻生效",
    ),
    (
        r"another pack is activated from the same instant for the same scope \((.+), (.+)\)",
        "同一范围（门店 {0}，{1}）已有另一制度包从同一时刻生效",
    ),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), said) for pattern, said in _SAID)
_OF_A_FILE = re.compile(r"(\S+): (?:line (\d+), )?(the pack|\S+) (.+)", re.DOTALL)


def both(reason: str) -> str:
    """A reason in Chinese and in English; as it is, if it is not known here."""
    zh = _chinese(reason)
    return reason if zh == reason else f"{zh}。 {reason}"


def _chinese(reason: str) -> str:
    for pattern, said in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return said.format(*found.groups())
    found = _OF_A_FILE.fullmatch(reason)
    if found is None or in_chinese(found[4]) == found[4]:
        return in_chinese(reason)
    line = f"第 {found[2]} 行，" if found[2] else ""
    place = "制度包" if found[3] == "the pack" else f"{found[3]} "
    return f"{found[1]}：{line}{place}{in_chinese(found[4])}"
