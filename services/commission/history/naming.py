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
    values = _values_of(kind)
    if values is None:
        return
    for value in values(event):
        if type(value) is str:
            if value.startswith("psn_") and len(value) == _NAME_CHARACTERS:
                names.add(value)
        elif value is not None:
            for item in value if isinstance(value, tuple) else (value,):
                _named_by(item, names)


def _named_by(item: Any, names: set[str]) -> None:
    if isinstance(item, str):
        if item.startswith("psn_") and len(item) == _NAME_CHARACTERS:
            names.add(item)
    else:
        names_in(item, names)


@cache
def _values_of(kind: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """What reads those fields of a struct that may name people; None if it has none. Words and times name nobody."""
    if not issubclass(kind, Struct) or kind in (own.Settled, own.Rebooked):
        return None
    hints = get_type_hints(kind)
    fields = [field for field in kind.__struct_fields__ if field not in ("text", "reason") and _may_name(hints[field])]
    if not fields:
        return None
    # With one name an attrgetter gives the bare value; asked for it twice, it gives a tuple as ever.
    return attrgetter(*fields) if len(fields) > 1 else attrgetter(*fields, *fields)


_NAMELESS = (int, bool, datetime, date, Decimal, NoneType, House, Check, Wish)


def _may_name(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType, tuple):
        return any(_may_name(part) for part in get_args(hint) if part is not ...)
    return get_origin(hint) not in (Literal, dict) and hint not in _NAMELESS


def places_named(entries: Iterable[Entry]) -> tuple[set[str], set[str], set[str]]:
    """The teams, stores and areas that entries name: whose store and whose managers a split may need."""
    teams: set[str] = set()
    stores: set[str] = set()
    areas: set[str] = set()
    for entry in entries:
        match entry.event:
            case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
                teams |= {post.team} if post.team else set()
                stores |= {post.store} if post.store else set()
                areas |= {post.area} if post.area else set()
    return teams, stores, areas
