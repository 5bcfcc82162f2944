"""The reasons for which a pack is refused, in Chinese. What has no translation here stays in English."""

import re
from typing import Final

_SAID: Final[tuple[tuple[str, str], ...]] = (
    (r"is missing", "缺失"),
    (r"is there twice", "重复"),
    (r"(\S+) is there twice", "{0} 重复"),
    (r"is nested too deep", "嵌套过深"),
    (r"cannot be read: (.+)", "无法读取：{0}"),
    (r"a pack is a mapping", "制度包应为“名称: 值”的映射"),
    (r"is not a part of a pack", "制度包没有这一项"),
    (r"is a text of at most 64 letters, digits, dots and hyphens", "应为不超过 64 个字母、数字、点或连字符"),
    (r"is a text in zh, in en, or in both", "应为 zh、en 两种文字之一或全部"),
    (r"is a mapping from readings to what was chosen", "应为“解读: 选择”的映射"),
    (r"is no reading known here", "没有这一解读"),
    (r"is one of (.+)", "应为其中之一：{0}"),
    (r"is a list of clauses, in the order in which they apply", "应为条款的列表，按适用的先后排列"),
    (r"is a list of clauses, and not an empty one", "应为条款的列表，且不能为空"),
    (r"names the clause", "应写明条款编号"),
    (r"(\S+) is no clause known here", "没有条款 {0}"),
    (r"is no parameter of (\S+)", "条款 {0} 没有这一参数"),
    (r"(\S+) has to come before (\S+), which works on what it leaves", "{0} 须在 {1} 之前，后者以前者的结果为准"),
    (
        r"the shares sum to (\S+), not 100, under: (.+?); no clause has a table for it(.*)",
        "在“{1:under}”下份额合计为 {0}，不是 100：没有适用的份额表{2:ratio}",
    ),
    (r"the shares sum to (\S+), not 100, under: (.+)", "在“{1:under}”下份额合计为 {0}，不是 100"),
    (r"two tables apply under: (.+?): (\S+) and (\S+)", "在“{0:under}”下同时适用两张份额表：{1} 和 {2}"),
    (r"the weights sum to (\S+), not 100", "权重合计为 {0}，不是 100"),
    (r"sums to (\S+), not 100", "合计为 {0}，不是 100"),
    (r"is a mapping from indicators to weight and full", "应为“指标: 权重（weight）与满分值（full）”的映射"),
    (r"are at most (\S+), not (\S+)", "最多 {0} 项，不能是 {1} 项"),
    (r"an indicator is named by at most 40 small letters, digits and underscores", "指标名称应为不超过 40 个小写字母、数字或下划线"),
    (r"(\S+) has a weight and full", "{0} 应有 weight 和 full 两项"),
    (r"(?:(\S*[^\s:]) )?is a whole number", "{0}应为整数"),
    (r"(?:(\S*[^\s:]) )?is between (\S+) and (\S+), not (\S+)", "{0}应在 {1} 与 {2} 之间，不能是 {3}"),
    (r"(?:(\S*[^\s:]) )?points are a whole number or a fraction such as 20/3", "{0}点数应为整数或 20/3 这样的分数"),
    (r"is a mapping from roles to points", "应为“角色: 点数”的映射"),
    (r"(\S+) is no role; the roles are (.+)", "没有角色 {0}；角色有 {1}"),
    (r"(\S+) is no role; it is (.+) or the name of a role", "没有角色 {0}；应为 {1} 或一个角色的名称"),
    (r"is a mapping from (?!conditions)([^:]+)", "应为以 {0} 为名称的映射"),
    (r"is a list of words", "应为词的列表"),
    (r"(\S+) is not one of (.+)", "{0} 不在可选之列：{1}"),
    (r"names something twice", "有重复的词"),
    (r"is a date such as (\S+)", "应为 {0} 这样的日期"),
    (r"(?:(\S+) )?is true or false", "{0}应为 true 或 false"),
    (r"is a name of small letters, digits and underscores, such as (\S+)", "应为小写字母、数字和下划线组成的名称，如 {0}"),
    (r"(\S+) is taken: the regulation has given it a meaning", "{0} 已有规定的含义，请另取名称"),
    (r"is a name in zh and in en", "应有 zh、en 两种名称"),
    (r"names nobody", "没有列出任何来源"),
    (r"is (\S+), (\S+) or the name of a role", "应为 {0}、{1} 或一个角色的名称"),
    (r"is a mapping from conditions: (.+)", "应为条件的映射，条件有 {0}"),
    (r"(\S+) is no condition; the conditions are (.+)", "没有条件 {0}；条件有 {1}"),
    (r"(\S+) is one of (.+)", "{0} 应为其中之一：{1}"),
    (r"no table gives (\S+) a share", "没有一张份额表给 {0} 份额"),
    (r"nobody has nothing to keep", "无人取得，也就无从保留"),
    (r"(\S+) is the role itself", "{0} 就是这个角色本身"),
    (r"goes to (\S+), to which (\S+) gives no share \(0 will do\)", "归 {0}，而 {1} 没有给它份额（写 0 也可）"),
    (r"(\S+) works on (.+), to which no table here gives a share", "{0} 只作用于 {1}，而这里没有一张份额表给它们份额"),
    (r"another pack is activated from the same instant for the same scope(.*)", "同一范围已有另一制度包从同一时刻生效{0}"),
    (r"lies in the past; only the first pack of a scope may begin there", "早于现在；只有一个范围的第一个制度包可以从过去生效"),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern, re.DOTALL), said) for pattern, said in _SAID)
_PLACE: Final = re.compile(r"\{(\d)(?::(\w+))?\}")
_UNDER: Final = {
    "sale": "买卖",
    "rental": "租赁",
    "exclusive": "有独家",
    "key": "有钥匙",
    "survey": "有实勘",
    "plan": "有户型图",
    "one closer": "一名成交人",
    "several closers": "多名成交人",
}


def in_chinese(reason: str) -> str:
    """A reason in Chinese, with its names and numbers as they are; as it is, if it is not known here."""
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found is not None:
            return _PLACE.sub(lambda place: _filled(found[int(place[1]) + 1] or "", place[2]), said)  # noqa: B023
    about, _, rest = reason.partition(": ")
    return f"{about}：{in_chinese(rest)}" if rest and in_chinese(rest) != rest else reason


def _filled(text: str, how: str | None) -> str:
    match how:
        case "under":
            return "、".join(_condition(part) for part in text.split(", "))
        case "ratio":
            return "；B-1-3 的份额表原文缺失，须由制度包写明" if text else ""
    return text


def _condition(part: str) -> str:
    if part in _UNDER:
        return _UNDER[part]
    return _UNDER.get(part.removeprefix("no "), part).replace("有", "无", 1)
