"""The clauses of clients: what an entry must say, how long a holder holds and who after, who may claim."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.client.events import Stands
from shared.calendar import term_end
from shared.identity import Post
from shared.regulation import Activation, Pack, Refused, in_force
from shared.tenure import COMPANY, Stand

ASKED = ("floor", "area", "orientation", "price", "phone", "needs")


def refuse_incomplete(pack: Pack, given: Mapping[str, str | None]) -> None:
    """A-2.2: a client counts as entered only with all six facts; "none" is an answer, an empty one is not."""
    lacking = tuple(name for name in ASKED if not (given.get(name) or "").strip())
    if lacking and (pack.has("A-2.2") or "phone" in lacking):
        raise Refused("client_incomplete", "A-2.2", missing=lacking)


def account_of(post: Post) -> str:
    """The account that a holder's client goes to: their team's, or the company's if they have no team."""
    return f"team:{post.team}" if post.team is not None else COMPANY


def holders_course(activations: Sequence[Activation], holder: Post, at: datetime, *, renewed: bool = False) -> Stands:
    """A-2.3: an agent holds from `at` until the seven days end, then the account of the team they are in now, and there it stays.

    Under the reading R-client-7 `first_only` a follow-up in time (`renewed`) ends the term for good. The pack is the one
    in force for the holder's store at `at`. No term runs in the name of who has left.
    """
    pack = in_force(activations, holder.store, at)
    if not pack.has("A-2.3") or not holder.in_post or (renewed and pack.reading("R-client-7") == "first_only"):
        return (Stand(holder.person),)
    until = term_end(at, pack["A-2.3"].days, pack.reading("R-days"))
    return (Stand(holder.person, until, "A-2.3"), Stand(account_of(holder)))


def may_claim(holder: str, by: Post) -> bool:
    """A public client is claimed from one's own team's account or the company's."""
    return holder == COMPANY or (by.team is not None and holder == f"team:{by.team}")
