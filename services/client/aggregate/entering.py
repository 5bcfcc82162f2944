"""A client is entered, or the same person once more."""

from collections.abc import Mapping
from datetime import datetime

from services.client import rules
from services.client.events import Entered, Event, Kind, Level, Source, ViolationFound, Wish
from shared import conduct
from shared.identity import Caller, Post, allow
from shared.regulation import Refused
from shared.tenure import Ground


def enter(
    *,
    by: Caller,
    recorder: Post,
    kind: Kind,
    contact: str | None,
    given: Mapping[str, str | None],
    acquired_at: datetime | None,
    first: str | None,
    duplicates: int,
    ground: Ground,
    at: datetime,
    source: Source | None = None,
    level: Level | None = None,
) -> list[Event]:
    """A-2.2, A-2.5, A-2.1: an entry; the same person entered again is linked to the first record and numbered on. The source and a
    level of intent may be given with it (K-2, K-3)."""
    allow(by, "client.enter")
    if recorder.person != by.person:
        allow(by, "client.enter_for", over=(recorder,))
    if not recorder.in_post:
        raise Refused("unknown_reference", "A-2.1", field="for")
    pack = ground.pack_of(recorder.person, at)
    rules.refuse_incomplete(pack, given)
    rules.refuse_phones(pack, needs=given.get("needs"))
    assert contact is not None, "a phone was given, so the vault gave a reference"
    wish = Wish(**{name: given[name] or "" for name in Wish.__struct_fields__})
    stands = rules.holders_course(ground.activations, recorder, at)
    number = duplicates + 1 if first is not None and pack.has("A-2.5") else None
    due = rules.contact_due(pack, level, at) if level is not None else None
    entered = Entered(by.person, recorder.person, kind, contact, wish, first, number, stands, acquired_at, at, source, level, due)
    late = conduct.late_entry(pack, recorder.person, acquired_at, at)
    return [entered] if late is None else [entered, ViolationFound(late, at)]
