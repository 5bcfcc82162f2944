"""The clauses of clients: what an entry must say, how long a holder holds and who after, who may claim; what a file lacks, and when the
next contact is due."""

from services.client.rules.file import (
    contact_due,
    findings,
    half_of,
    in_contact,
    is_stale,
    next_half_begins,
    planned_until,
    refuse_incomplete_visit,
    refuse_phones,
    reply_until,
)
from services.client.rules.holding import account_of, form_key, holders_course, is_account, may_claim, refuse_incomplete

__all__ = [
    "account_of",
    "contact_due",
    "findings",
    "form_key",
    "half_of",
    "holders_course",
    "in_contact",
    "is_account",
    "is_stale",
    "may_claim",
    "next_half_begins",
    "planned_until",
    "refuse_incomplete",
    "refuse_incomplete_visit",
    "refuse_phones",
    "reply_until",
]
