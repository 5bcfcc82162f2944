"""The clauses of listings: what makes an entry correct, how long a holder holds and who after, what a viewing moves."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import combinations
from typing import Literal

from msgspec import Struct, structs
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from services.listing.events import Check, House, Kind, Stands
from shared.calendar import days_before, term_end
from shared.conduct import substance
from shared.identity import Post
from shared.regulation import Activation, Pack, begins_to_apply, in_force
from shared.tenure import COMPANY, Stand

SUFFIXED_DIGITS = 2
"""How many digits stand before the letter of a room such as 03C."""

_LOOKALIKES = str.maketrans("АВСЕНКМОРТХΑΒΕΗΙΚΜΝΟΡΤΧҮ", "ABCEHKMOPTXABEHIKMNOPTXY")
_AS_DIGITS = str.maketrans("OIL|З", "01113")
_SIGNS = re.compile(r"(号楼|栋|幢|座|单元|号|室|房|楼)$")


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper().translate(_LOOKALIKES)


def normalised_name(text: str) -> str:
    """A-2.6: a community's name, case, width and blanks folded: how two entries of one community are known to be the same."""
    return _plain(text)


def normalised_number(text: str) -> str:
    """A-2.6: the number of a building or unit, without its counter word and leading zeros; letters among digits are look-alikes."""
    plain = _SIGNS.sub("", _plain(text))
    digits = plain.translate(_AS_DIGITS)
    number = digits if digits.isdigit() and any(c.isdigit() for c in plain) else plain
    return number.lstrip("0") or number[-1:]


def normalised_room(pack: Pack, community: str | None, text: str) -> str | None:
    """A-2.6: as many digits as the pack says, zeros on the left; in communities of the company's list also two and a letter (`03C`).

    Look-alike letters count as the digits they look like. None: this is no room number.
    """
    plain = _SIGNS.sub("", _plain(text))
    if community is not None and normalised_name(community) in map(normalised_name, pack["A-2.6"].suffix_communities):
        digits = plain[:-1].translate(_AS_DIGITS)
        if plain[-1:].isascii() and plain[-1:].isalpha() and _is_number(digits, SUFFIXED_DIGITS):
            return digits.lstrip("0").zfill(SUFFIXED_DIGITS) + plain[-1]
    digits, characters = plain.translate(_AS_DIGITS), pack["A-2.6"].room_characters
    return digits.lstrip("0").zfill(characters) if _is_number(digits, characters) else None


def _is_number(digits: str, characters: int) -> bool:
    return digits.isascii() and digits.isdigit() and 0 < len(digits.lstrip("0")) <= characters


def normalised(pack: Pack, house: House) -> House:
    """A-2.6: the facts with their room as it is told from others; what is no room number is left out, and so is missing."""
    if house.room is None or not pack.has("A-2.6"):
        return house
    return structs.replace(house, room=normalised_room(pack, house.community, house.room))


def completed(pack: Pack, old: House, room_given: str | None, given: House) -> House:
    """A-2.6: the old facts with the given ones over them. Also what was no room before (`room_given`) is read anew, for whether it is
    one may lie in the community."""
    told = {name: value for name in House.__struct_fields__ if (value := getattr(given, name)) is not None}
    whole = structs.replace(old, **told)
    read = (normalised(pack, structs.replace(whole, room=text)) for text in (given.room, old.room, room_given) if text is not None)
    return next((house for house in read if house.room is not None), structs.replace(whole, room=None))


def checked(pack: Pack, kind: str, house: House, room_given: str | None, owner: str | None) -> Check:
    """A-2.6: what is missing for a correct entry, what is asked for besides, and what the room of a correct one is known by.

    Without the clause nothing is missing, and no room is anyone's alone.
    """
    if not pack.has("A-2.6"):
        return Check()
    needs, asks = pack["A-2.6"].needs, pack["A-2.6"].asks
    missing = tuple(name for name in needs if not (owner if name == "owner_phone" else getattr(house, name)))
    return Check(
        missing=missing,
        asked_for=tuple(name for name in asks if getattr(house, name) is None),
        room=None if missing else room_of(pack, kind, house),
        room_given=room_given if house.room is None else None,
    )


def room_of(pack: Pack, kind: str, house: House) -> str | None:
    """A-2.6: what the room is known by, if it is one that nobody else may enter: not without the clause, nor without a room number."""
    return room_key(kind, house) if pack.has("A-2.6") and house.room and house.community else None


def room_key(kind: str, house: House) -> str:
    """A-2.6: one room, once for sale and once for rental."""
    place = (normalised_name(house.community or ""), normalised_number(house.building or ""), normalised_number(house.unit or ""))
    return "/".join((kind, *place, house.room or ""))


def accounts_course(activations: Sequence[Activation], team: str | None, store: str | None, since: datetime) -> Stands:
    """A-2.15: a team's account, from `since`, passes to the company's when its term ends; without the clause it stays.

    Who has no team: the company's account at once. The term begins no earlier than the clause.
    """
    if team is None:
        return (Stand(COMPANY),)
    begun = begins_to_apply(activations, store, "A-2.15", since)
    if begun is None:
        return (Stand(f"team:{team}"),)
    start, pack = begun
    until = term_end(max(start, pack["A-2.15"].from_), pack["A-2.15"].days, pack.reading("R-days"))
    return (Stand(f"team:{team}", until, "A-2.15"), Stand(COMPANY))


def holders_course(activations: Sequence[Activation], holder: Post, recorder: str, at: datetime) -> Stands:
    """A-2.7: an agent holds from `at` until the term ends, then the account of the team they are in now.

    The pack is the one in force for the holder's store at `at`; if that has no such clause, the term begins with the first that has.
    Under the reading R-holder `none` no term runs for who is not the recorder; neither does one for who has left.
    """
    begun = begins_to_apply(activations, holder.store, "A-2.7", at)
    if begun is None or not holder.in_post:
        return (Stand(holder.person),)
    start, pack = begun
    if holder.person != recorder and pack.reading("R-holder") == "none":
        return (Stand(holder.person),)
    until = term_end(start, pack["A-2.7"].days, pack.reading("R-days"))
    return (Stand(holder.person, until, "A-2.7"), *accounts_course(activations, holder.team, holder.store, until))


def may_claim(pack: Pack, account: str, by: Post) -> bool:
    """A-2.12: an agent claims from their own team's account or the company's; a manager, who has no team, from the company's only."""
    own = by.team is not None and by.role == "agent" and account == f"team:{by.team}"
    return pack.has("A-2.12") and (own or account == COMPANY)


def still_unreachable(activations: Sequence[Activation], store: str | None, said_at: datetime, at: datetime) -> bool:
    """A-2.16: whether `at` is within the days after a follow-up said that the owner cannot be reached.

    The days are those of the pack in force when it was said; whether the listing may move at all is said by the one in force at `at`.
    """
    begun = begins_to_apply(activations, store, "A-2.16", said_at)
    if begun is None or not in_force(activations, store, at).has("A-2.16"):
        return False
    start, pack = begun
    return at < term_end(start, pack["A-2.16"].days, pack.reading("R-days"))


def concealed_until(pack: Pack, at: datetime) -> datetime | None:
    """A-2.9: until when a concealment without a viewing lasts."""
    return term_end(at, pack["A-2.9"].days, pack.reading("R-days")) if pack.has("A-2.9") else None


def free_place(pack: Pack, taken: Collection[int]) -> int | None:
    """A-2.9: an agent's first place for a concealment that is not taken; None: they have no more."""
    at_most = pack["A-2.9"].at_most if pack.has("A-2.9") else len(taken) + 1
    return next((place for place in range(1, at_most + 1) if place not in taken), None)


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


# Suspects: what looks like deliberate duplicates and junk. A manager finds what is.


class Candidate(Struct, frozen=True):
    """An entry that is looked at among others of its team; `number` says which was first."""

    id: str
    number: int
    kind: Kind
    house: House
    owner: str | None
    draft: bool
    missing: tuple[str, ...]
    entered_at: datetime
    recorder: str


class Suspect(Struct, frozen=True):
    """Entries, the first first, that look like one entered again (`alike`), like rooms invented for one owner's phone (`one_owner`), or
    like junk (`unfinished`); how much so in percent."""

    why: Literal["alike", "one_owner", "unfinished"]
    percent: int
    entries: tuple[Candidate, ...]


def suspected_since(pack: Pack, at: datetime) -> datetime | None:
    """A-2.14: from when on entries are looked at for suspects at `at`; None: they are not."""
    return days_before(at, pack["A-2.14"].days, pack.reading("R-days")) if pack.has("A-2.14") else None


def suspects(pack: Pack, entries: Iterable[Candidate], at: datetime) -> list[Suspect]:
    """A-2.14: the suspects among one team's entries, the most suspect first, else the earlier. None without the clause."""
    if not pack.has("A-2.14"):
        return []
    looked_at = sorted(entries, key=lambda entry: entry.number)
    found = [*_alike(pack, looked_at), *_of_one_owner(pack, looked_at), *_unfinished(pack, looked_at, at)]
    return sorted(found, key=lambda suspect: (-suspect.percent, [entry.number for entry in suspect.entries], suspect.why))


def _alike(pack: Pack, entries: Sequence[Candidate]) -> Iterable[Suspect]:
    """Entries of rooms in one house and stair that differ by look-alikes or one character, and are else as alike as the pack says."""
    stairs: dict[str, list[Candidate]] = defaultdict(list)
    for entry in entries:
        if entry.house.room and entry.house.community:
            stairs[room_key(entry.kind, structs.replace(entry.house, room=None))].append(entry)
    for beside in stairs.values():
        for one, other in combinations(beside, 2):
            if Levenshtein.distance(_room_as_seen(one), _room_as_seen(other), score_cutoff=1) <= 1:
                percent = likeness_percent(one, other)
                if percent >= pack["A-2.14"].alike_percent:
                    yield Suspect("alike", percent, (one, other))


def _room_as_seen(entry: Candidate) -> str:
    return _plain(entry.house.room or "").translate(_AS_DIGITS)


def likeness_percent(one: Candidate, other: Candidate) -> int:
    """A-2.14: how alike two entries are: the mean over the room, by its characters, and the other facts that both give, the same or not."""
    told = [(one.owner, other.owner), *((getattr(one.house, name), getattr(other.house, name)) for name in _TOLD)]
    same: list[int] = [100 * (mine == theirs) for mine, theirs in told if mine is not None and theirs is not None]
    alike = [round(fuzz.ratio(_room_as_seen(one), _room_as_seen(other))), *same]
    return sum(alike) // len(alike)


_TOLD = ("bedrooms", "floor", "area_m2", "orientation", "title_certificate", "decoration")


def _of_one_owner(pack: Pack, entries: Sequence[Candidate]) -> Iterable[Suspect]:
    """Several rooms with one owner's phone; the percent is the share of rooms that are one too many if the owner has one."""
    owners: dict[str, dict[str, Candidate]] = defaultdict(dict)
    for entry in entries:
        if entry.owner is not None and entry.house.room:
            owners[entry.owner].setdefault(room_key("", entry.house), entry)
    for rooms in owners.values():
        if len(rooms) >= pack["A-2.14"].one_owner_rooms:
            yield Suspect("one_owner", 100 * (len(rooms) - 1) // len(rooms), tuple(rooms.values()))


def _unfinished(pack: Pack, entries: Sequence[Candidate], at: datetime) -> Iterable[Suspect]:
    """Drafts that were never completed in the pack's days; the percent is the share of the five facts that is missing."""
    needs = pack["A-2.6"].needs if pack.has("A-2.6") else ()
    for entry in entries:
        if entry.draft and needs and at >= term_end(entry.entered_at, pack["A-2.14"].draft_days, pack.reading("R-days")):
            yield Suspect("unfinished", 100 * len(entry.missing) // len(needs), (entry,))
