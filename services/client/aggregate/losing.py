"""A client is given up by a loss report alone, which the manager accepts or returns (K-4)."""

from datetime import date, datetime

from services.client import rules
from services.client.aggregate.caring import allow_caring, refuse_closed
from services.client.aggregate.client import Client
from services.client.aggregate.file import Report
from services.client.events import Event, Loss, LossAccepted, LossReported, LossReturned
from shared.calendar import day_of
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at, stopped


def report_loss(
    client: Client, *, by: Caller, on: date | None, reason: str | None, chosen: str | None, ground: Ground, at: datetime
) -> list[Event]:
    """K-4: on which day, why, and what the client chose instead ("nothing" is an answer). It changes nothing yet: terms run on, and
    contacts stay due."""
    allow_caring(client, "client.report_loss", by=by, ground=ground, at=at)
    refuse_closed(client, "K-4")
    given = {"on": on, "reason": (reason or "").strip(), "chosen": (chosen or "").strip()}
    lacking = tuple(name for name, each in given.items() if not each)
    if on is None or reason is None or chosen is None or lacking:
        raise Refused("loss_report_incomplete", "K-4", missing=lacking)
    if on > day_of(at):
        raise Refused("date_is_to_come", "K-4", field="on", day=on)
    rules.refuse_phones(ground.pack_of(holder_at(client.stands, at), at), reason=reason, chosen=chosen)
    if client.deals:
        raise Refused("deal_stands", "K-4", deal=client.deals[0])
    if client.file.report is not None:
        raise Refused("loss_already_reported", "K-4", by=client.file.report.by, first_at=client.file.report.at)
    return [LossReported(by.person, Loss(on, reason, chosen), at)]


def accept_loss(client: Client, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """K-4: the manager takes the client for lost: no term runs, and no contact is due. In whose name the client stands, who recorded them
    and what they were shown is as it was."""
    _answer(client, "client.accept_loss", by=by, ground=ground, at=at)
    return [LossAccepted(by.person, stopped(client.stands, at), at)]


def return_loss(client: Client, *, by: Caller, reason: str, ground: Ground, at: datetime) -> list[Event]:
    """K-4: the manager does not; the agent goes on."""
    _answer(client, "client.return_loss", by=by, ground=ground, at=at)
    return [LossReturned(by.person, reason, at)]


def _answer(client: Client, act: str, *, by: Caller, ground: Ground, at: datetime) -> Report:
    """The report that is answered: by a manager above who neither wrote it nor looks after the client."""
    holder, report = holder_at(client.stands, at), client.file.report
    concerned = (holder, *client.file.contacts, *([] if report is None else [report.by]))
    allow(by, act, over=ground.named(holder, client.recorder), party=by.person in concerned)
    if report is None:
        raise Refused("no_loss_report", "K-4")
    return report
