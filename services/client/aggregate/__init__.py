"""A client's state, how events shape it, and what may be decided about it."""

from services.client.aggregate.client import Client, claims_of, evolve
from services.client.aggregate.entering import enter
from services.client.aggregate.holding import announce_lapse, begin_terms_anew, claim, leave_behind, reassign, reschedule, stop_terms, warn
from services.client.aggregate.working import follow_up, name_senior, view

__all__ = [
    "Client",
    "announce_lapse",
    "begin_terms_anew",
    "claim",
    "claims_of",
    "enter",
    "evolve",
    "follow_up",
    "leave_behind",
    "name_senior",
    "reassign",
    "reschedule",
    "stop_terms",
    "view",
    "warn",
]
