"""The state of a client and of a visit, how events shape them, and what may be decided about them."""

from services.client.aggregate.caring import (
    add_contact,
    amend,
    check,
    hand_over,
    mark_important,
    plan,
    remove_contact,
    reopen,
    set_level,
    tell_successor,
)
from services.client.aggregate.client import Client, claims_of, evolve
from services.client.aggregate.entering import enter
from services.client.aggregate.examining import examine, excuse
from services.client.aggregate.file import File
from services.client.aggregate.holding import (
    announce_lapse,
    begin_terms_anew,
    claim,
    leave_behind,
    reassign,
    reschedule,
    stop_terms,
    warn,
)
from services.client.aggregate.losing import accept_loss, report_loss, return_loss
from services.client.aggregate.visit import Visit, announce_overdue, evolve_visit, link, register, reply
from services.client.aggregate.working import follow_up, name_senior, view

__all__ = [
    "Client",
    "File",
    "Visit",
    "accept_loss",
    "add_contact",
    "amend",
    "announce_lapse",
    "announce_overdue",
    "begin_terms_anew",
    "check",
    "claim",
    "claims_of",
    "enter",
    "evolve",
    "evolve_visit",
    "examine",
    "excuse",
    "follow_up",
    "hand_over",
    "leave_behind",
    "link",
    "mark_important",
    "name_senior",
    "plan",
    "reassign",
    "register",
    "remove_contact",
    "reopen",
    "reply",
    "report_loss",
    "reschedule",
    "return_loss",
    "set_level",
    "stop_terms",
    "tell_successor",
    "view",
    "warn",
]
