"""Who and what entries name: the people whose posts a split may need, and the places they are posted to."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from services.authz import events as authz
from services.client.events import Wish
from services.commission import events as own
from services.listing.events import Check, House
from shared.entry import Entry
from shared.tenure import Stands

Posting = authz.Joined | authz.Transferred | authz.Confirmed | authz.Left
_NAME_CHARACTERS = len("psn_") + 26


def people_named(entries: Iterable[Entry]) -> set[str]:
    """Everyone who is named in entries: who acted, for whom, and who holds, closes or keeps up."""
    names: set[str] = set()
    for entry in entries:
        names_in(entry.event, names)
    return names


def names_in(event: Any, names: set[str]) -> None:
    """Adds the people whom an event names. What was settled names nobody: it is no evidence of itself."""
    kind: Any = type(event)
    texts, courses, parts = _fields_of(kind)
    if texts is not None:
        for text in texts(event):
            if text is not None and text[:4] == "psn_" and len(text) == _NAME_CHARACTERS:
                names.add(text)
    if courses is not None:
        for course in courses(event):
            for stand in course or ():
                holder = stand.holder
                if holder[:4] == "psn_" and len(holder) == _NAME_CHARACTERS:
                    names.add(holder)
    if parts is not None:
        for part in parts(event):
            for item in part if type(part) is tuple else (part,):
                if type(item) is not str:
                    names_in(item, names)
                elif item[:4] == "psn_" and len(item) == _NAME_CHARACTERS:
                    names.add(item)


Getter = Callable[[Any], tuple[Any, ...]]


@cache
def _fields_of(kind: Any) -> tuple[Getter | None, Getter | None, Getter | None]:
    """What reads those fields of a struct that may name people: texts; courses, of which there are most; other tuples and structs."""
    if not issubclass(kind, Struct) or kind in (own.Settled, own.Rebooked):
        return None, None, None
    hints = get_type_hints(kind)
    naming = [field for field in kind.__struct_fields__ if field not in _WORDS and _may_name(hints[field])]
    texts = [field for field in naming if hints[field] in (str, str | None)]
    courses = [field for field in naming if hints[field] in (Stands, Stands | None)]
    return _getter(texts), _getter(courses), _getter([field for field in naming if field not in (*texts, *courses)])


def _getter(fields: list[str]) -> Getter | None:
    """What gives these fields' values as a tuple, a single one's too."""
    if len(fields) == 1:
        only = attrgetter(*fields)
        return lambda event: (only(event),)
    return attrgetter(*fields) if fields else None


_WORDS = ("text", "reason", "clause")
"""Fields that never name anybody, whatever stands in them."""
_NAMELESS = (int, bool, datetime, date, Decimal, NoneType, House, Check, Wish)


def _may_name(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType, tuple):
        return any(_may_name(part) for part in get_args(hint) if part is not ...)
    return get_origin(hint) not in (Literal, dict) and hint not in _NAMELESS


def accounts_named(entries: Iterable[Entry]) -> set[str]:
    """The teams whose accounts hold something by what entries say: `G1` of `team:G1`."""
    courses = (getattr(entry.event, "stands", None) or () for entry in entries)
    return {stand.holder.removeprefix("team:") for course in courses for stand in course if stand.holder.startswith("team:")}


def places_named(entries: Iterable[Entry]) -> tuple[set[str], set[str], set[str]]:
    """The teams, stores and areas that entries name: whose store and whose managers a split may need."""
    entries = list(entries)
    teams = accounts_named(entries)
    stores: set[str] = set()
    areas: set[str] = set()
    for entry in entries:
        match entry.event:
            case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
                teams |= {post.team} if post.team else set()
                stores |= {post.store} if post.store else set()
                areas |= {post.area} if post.area else set()
    return teams, stores, areas
