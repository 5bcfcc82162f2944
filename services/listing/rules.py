"""The clauses of listings: what makes an entry correct, how long a holder holds and who after, what a viewing moves."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from msgspec import structs
from rapidfuzz import fuzz, process

from services.listing.events import House, Stands
from shared.calendar import days_before, term_end
from shared.conduct import substance
from shared.identity import Post
from shared.regulation import Activation, Pack, in_force
from shared.tenure import Stand

ASKED_FOR = ("bedrooms", "floor", "area_m2", "orientation", "title_certificate", "decoration")
REQUIRED = ("community", "building", "unit", "room")

_LOOKALIKES = str.maketrans("АВСЕНКМОРТХΑΒΕΗΙΚΜΝΟΡΤΧҮ", "ABCEHKMOPTXABEHIKMNOPTXY")
_AS_DIGITS = str.maketrans("OIL|", "0111")
_SIGNS = re.compile(r"(号楼|栋|幢|座|单元|号|室|房|楼)$")


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper().translate(_LOOKALIKES)


def normalised_name(text: str) -> str:
    """A-2.6: a community's name, case, width and blanks folded: how two entries of one community are known to be the same."""
    return _plain(text)


def normalised_number(text: str) -> str:
    """A-2.6: the number of a building or unit, without its counter word and leading zeros."""
    plain = _SIGNS.sub("", _plain(text))
    return plain.lstrip("0") or plain[-1:]


def normalised_room(pack: Pack, community: str | None, text: str) -> str | None:
    """A-2.6: four digits, zero-padded on the left; in communities of the company's list two digits and a letter (`03C`).

    Look-alike letters count as the digits they look like. None: this is no room number.
    """
    plain = _SIGNS.sub("", _plain(text))
    suffixed = pack["A-2.6"].suffix_communities if pack.has("A-2.6") else ()
    if community is not None and normalised_name(community) in {normalised_name(name) for name in suffixed}:
        if plain[-1:].isalpha() and (digits := plain[:-1].translate(_AS_DIGITS)).isdigit() and len(digits.lstrip("0")) <= 2:
            return digits.lstrip("0").zfill(2) + plain[-1]
    digits = plain.translate(_AS_DIGITS)
    stripped = digits.lstrip("0")
    return stripped.zfill(4) if digits.isdigit() and digits.isascii() and 0 < len(stripped) <= 4 else None


def normalised(pack: Pack, house: House) -> House:
    """A-2.6: the facts with their room as it is told from others; what is no room number is left out, and so is missing."""
    return structs.replace(house, room=normalised_room(pack, house.community, house.room) if house.room else None)


def is_correct(house: House, owner: str | None) -> bool:
    """A-2.6: community, building, unit, room and the owner's phone are there."""
    return owner is not None and not missing(house)


def missing(house: House) -> tuple[str, ...]:
    """A-2.6: which of the facts that make an entry correct are missing."""
    return tuple(name for name in REQUIRED if not getattr(house, name))


def asked_for(house: House) -> tuple[str, ...]:
    """A-2.6: which facts are asked for and missing; they do not make an entry incorrect."""
    return tuple(name for name in ASKED_FOR if getattr(house, name) is None)


def room_key(kind: str, house: House) -> str:
    """A-2.6: one room, once for sale and once for rental."""
    place = (normalised_name(house.community or ""), normalised_number(house.building or ""), normalised_number(house.unit or ""))
    return "/".join((kind, *place, house.room or ""))


def accounts_course(activations: Sequence[Activation], team: str | None, store: str | None, since: datetime) -> Stands:
    """A-2.15: a team's account, from `since`, passes to the company's when its term ends; without the clause it stays.

    Who has no team: the company's account at once. The term begins no earlier than the clause.
    """
    if team is None:
        return (Stand("company"),)
    pack = in_force(activations, store, since)
    if not pack.has("A-2.15"):
        return (Stand(f"team:{team}"),)
    clause = pack["A-2.15"]
    until = term_end(max(since, clause.from_), clause.days, pack.reading("R-days"))
    return (Stand(f"team:{team}", until, "A-2.15"), Stand("company"))


def holders_course(activations: Sequence[Activation], holder: Post, recorder: str, at: datetime) -> Stands:
    """A-2.7: an agent holds from `at` until the term ends, then the account of the team they are in now.

    The pack is the one in force for the holder's store at `at`. Without the clause, and under the reading R-holder `none` for who
    is not the recorder, no term runs; neither does it for who has left.
    """
    pack = in_force(activations, holder.store, at)
    exempt = holder.person != recorder and pack.reading("R-holder") == "none"
    if not pack.has("A-2.7") or exempt or not holder.in_post:
        return (Stand(holder.person),)
    until = term_end(at, pack["A-2.7"].days, pack.reading("R-days"))
    return (Stand(holder.person, until, "A-2.7"), *accounts_course(activations, holder.team, holder.store, until))


def may_claim(pack: Pack, account: str, by: Post) -> bool:
    """A-2.12: an agent claims from their own team's account or the company's, who has no team from the company's only."""
    return pack.has("A-2.12") and (account == "company" or (by.team is not None and account == f"team:{by.team}"))


def still_unreachable(pack: Pack, said_at: datetime, at: datetime) -> bool:
    """A-2.16: whether `at` is within the days after a follow-up said that the owner cannot be reached."""
    return pack.has("A-2.16") and at < term_end(said_at, pack["A-2.16"].days, pack.reading("R-days"))


def concealed_until(pack: Pack, at: datetime) -> datetime | None:
    """A-2.9: until when a concealment without a viewing lasts."""
    return term_end(at, pack["A-2.9"].days, pack.reading("R-days")) if pack.has("A-2.9") else None


def canned_after(pack: Pack, text: str, others: Sequence[tuple[str, str]], at: datetime) -> tuple[str, ...] | None:
    """A-2.15: the follow-up that this text is the same or nearly the same as, with the likeness in percent; None: it is none of the kind.

    `others` are id and substance (letters, digits, CJK) of the team's follow-ups on its other listings within the period.
    """
    if not pack.has("A-2.15") or at < pack["A-2.15"].from_:
        return None
    cores = [core for _, core in others]
    found = process.extractOne(substance(text), cores, scorer=fuzz.ratio, score_cutoff=pack["A-2.15"].alike_percent, processor=None)
    return None if found is None else (others[found[2]][0], f"{found[1]:.0f}%")


def canned_since(pack: Pack, at: datetime) -> datetime | None:
    """A-2.15: from when on follow-ups are compared with one of `at`; None: they are not."""
    return days_before(at, pack["A-2.15"].alike_days, pack.reading("R-days")) if pack.has("A-2.15") else None
