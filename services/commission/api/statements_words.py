"""The words of a statement in Chinese and English, and how its times, points and amounts are written."""

import re
from datetime import datetime
from typing import Final

from services.commission.views.ledger import Kind
from services.commission.views.statements import Line, Of, Statement, Subject
from shared.problems import Language, Words

COLUMNS: Final[dict[str, Words]] = {
    "number": Words("序号", "No."),
    "recorded_at": Words("入账时间（北京时间）", "Recorded at (Shanghai)"),
    "kind": Words("类型", "Booking"),
    "entry": Words("分录（成交编号@版本）", "Entry (deal@version)"),
    "role": Words("分成角色", "Role"),
    "to": Words("受益人", "Beneficiary"),
    "credit": Words("业绩归属", "Store credit"),
    "points": Words("点数", "Points"),
    "yuan": Words("金额（元）", "Amount (yuan)"),
    "fen": Words("金额（分）", "Amount (fen)"),
    "clauses": Words("条款", "Clauses"),
    "reverses": Words("冲正的分录", "Reverses"),
}
KINDS: Final[dict[Kind, Words]] = {
    "settled": Words("结算", "settled"),
    "rebooked": Words("重新入账", "rebooked"),
    "adjudicated": Words("裁定", "adjudicated"),
    "ruled": Words("裁决", "ruled"),
    "reversed": Words("冲正", "reversed"),
    "cancelled": Words("撤销冲回", "cancelled"),
}
_ROLES: Final[dict[str, Words]] = {
    "listing": Words("房源方", "listing"),
    "listing_recorder": Words("房源录入人", "listing recorder"),
    "listing_holder": Words("房源归属人", "listing holder"),
    "exclusive": Words("独家代理方", "exclusive"),
    "survey": Words("实勘方", "survey"),
    "plan": Words("户型图方", "floor plan"),
    "key": Words("钥匙方", "key"),
    "closing": Words("成交方", "closing"),
    "client": Words("客户方", "client"),
    "company": Words("公司", "company"),
}
_SUBJECTS: Final[dict[Of, Words]] = {
    "person": Words("人员 {id}", "Person {id}"),
    "team": Words("组账户 {id}", "Team account {id}"),
    "store": Words("门店业绩 {id}", "Credit of store {id}"),
    "account": Words("公司账户", "The company's own account"),
    "ledger": Words("全公司台账", "The whole ledger of the company"),
}
TITLE: Final = Words("分佣对账单", "Commission statement")
SHEETS: Final = Words("汇总", "Summary"), Words("明细", "Lines")
NUMBER: Final = Words("对账单编号", "Statement")
COMPANY: Final = Words("公司", "Company")
SUBJECT: Final = Words("对象", "Of")
PERIOD: Final = Words("期间（首尾日均含）", "Period (first and last day included)")
STANDING: Final = Words("状态", "Standing")
SETTLED: Final = Words("结算合计", "Settled")
ADJUSTED: Final = Words("裁定、裁决合计", "Adjudicated and ruled")
REVERSED: Final = Words("冲正合计", "Reversed")
NET: Final = Words("净额", "Net")
LINES: Final = Words("笔数", "Lines")
SUM: Final = Words("合计", "Sum")
CONTROL: Final = Words("控制总数（台账）", "Control total (ledger)")
CHECK: Final = Words("核对", "Check")
AGREES: Final = Words("一致", "agrees")
DIFFERS: Final = Words("不一致", "differs")
DIGEST: Final = Words("摘要（SHA-256）", "Digest (SHA-256)")
BY_CREDIT: Final = Words("按业绩归属小计", "By store credit")
BY_BENEFICIARY: Final = Words("按受益人小计", "By beneficiary")
NOTHING: Final = Words("本期间没有入账。", "Nothing was booked in this period.")
GOES_BY: Final = Words(
    "按入账时间归期；已入账的分录不作修改，更正另行冲正、入账。金额为佣金分配额，非实发工资。",
    "A booking belongs to the day it was recorded on; none is edited, a correction reverses and books anew. Amounts are commission as "
    "allocated, not pay.",
)
PAGE: Final = Words("第 {page} 页，共 {pages} 页", "Page {page} of {pages}")
_OVER: Final = Words("期间已结束，内容不再变化", "over; it will not change any more")
_OPEN: Final = Words("截至 {at} 的入账", "bookings known at {at}")
_BETWEEN: Final = Words("{first} 至 {last}", "{first} to {last}")


def kind(line: Line, language: Language) -> str:
    return KINDS[line.kind].said(language)


def role(line: Line, language: Language) -> str:
    """The name of a split's role, be it the regulation's or the company's own; what somebody wrote in an adjudication, as they did."""
    if line.title is not None:
        return line.title[language]
    words = _ROLES.get(line.role)
    return line.role if words is None else words.said(language)


def account(code: str, language: Language) -> str:
    """A beneficiary or a store as it is named everywhere; but the company by its name in the language."""
    return COMPANY.said(language) if code == "company" else code


def subject(of: Subject, language: Language) -> str:
    return _SUBJECTS[of.of].said(language, {"id": of.id})


def between(statement: Statement, language: Language) -> str:
    return _BETWEEN.said(language, {"first": statement.period.first, "last": statement.period.last})


def standing(statement: Statement, language: Language) -> str:
    return _OVER.said(language) if statement.over else _OPEN.said(language, {"at": statement.known_at})


def time(at: datetime) -> str:
    """A Shanghai time to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int, thousands: str = "") -> str:
    """Fen as yuan with two decimals."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}".replace(",", thousands)


def points(line: Line) -> str:
    """Points as a mixed number, `6 2/3` for 20/3: so a spreadsheet takes them for a number and not for a day in March."""
    written = re.fullmatch(r"(-?)(\d+)/(\d+)", line.points or "")
    if written is None:
        return line.points or ""
    whole, rest = divmod(int(written[2]), int(written[3]))
    return f"{written[1]}{whole} {rest}/{written[3]}"


def clauses(line: Line) -> str:
    return " ".join(line.clauses)


def reverses(line: Line) -> str:
    return "" if line.reverses is None else f"{line.reverses[0]} #{line.reverses[1]}"
