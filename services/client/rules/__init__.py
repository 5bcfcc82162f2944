"""The clauses of clients: what an entry must say, how long a holder holds and who after, who may claim."""

from services.client.rules.holding import account_of, form_key, holders_course, may_claim, refuse_incomplete

__all__ = ["account_of", "form_key", "holders_course", "may_claim", "refuse_incomplete"]
