"""The clauses of clients: what an entry must say, how long a holder holds and who after, who may claim."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.client.events import Stands
from shared.calendar import term_end
from shared.identity import Post
from shared.regulation import Activation, Pack, Refused, begins_to_apply
from shared.tenure import COMPANY, Stand


def refuse_incomplete(pack: Pack, given: Mapping[str, str | None]) -> None:
    """A-2.2: a client counts as entered only with all that is asked for; "none" is an answer, an empty one is not.

    Without the clause the phone is still needed: a client is known by it.
    """
    asks = pack["A-2.2"].asks if pack.has("A-2.2") else ()
    lacking = tuple(name for name in dict.fromkeys((*asks, "phone")) if not (given.get(name) or "").strip())
    if lacking:
        raise Refused("client_incomplete", "A-2.2" if pack.has("A-2.2") else None, pack=pack, missing=lacking)


def form_key(form: str) -> str:
    """A-2.10: what a viewing form's number is known by, whatever its case, width and blanks."""
    return "".join(unicodedata.normalize("NFKC", form).casefold().split())


def account_of(post: Post) -> str:
    """The account that a holder's client goes to: their team's, or the company's if they have no team."""
    return f"team:{post.team}" if post.team is not None else COMPANY


def is_account(holder: str) -> bool:
    """Whether a holder is an account, a team's or the company's, and no person."""
    return holder == COMPANY or holder.startswith("team:")


def holders_course(activations: Sequence[Activation], holder: Post, at: datetime, *, renewed: bool = False) -> Stands:
    """A-2.3: an agent holds from `at` until the seven days end, then the account of the team they are in now, and there it stays.

    Under the reading R-client-7 `first_only` a follow-up in time (`renewed`) ends the term for good. The pack is the one
    in force for the holder's store at `at`; if that has no such clause, the term begins with the first that has. No term runs in the
    name of who has left.
    """
    begun = begins_to_apply(activations, holder.store, "A-2.3", at)
    if begun is None or not holder.in_post:
        return (Stand(holder.person),)
    start, pack = begun
    if renewed and pack.reading("R-client-7") == "first_only":
        return (Stand(holder.person),)
    until = term_end(start, pack["A-2.3"].days, pack.reading("R-days"))
    return (Stand(holder.person, until, "A-2.3"), Stand(account_of(holder)))


def may_claim(pack: Pack, account: str, by: Post) -> bool:
    """A-2.3: a public client is claimed from one's own team's account or the company's, by a manager from the company's only."""
    own = by.team is not None and by.role == "agent" and account == f"team:{by.team}"
    return pack.has("A-2.3") and (own or account == COMPANY)
