"""What proves a settlement: the bytes that digests are taken of, and the fingerprints of the entries that it rests on."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
import rfc8785

from services.commission import events as own
from services.commission.events import Settlement
from shared.entry import Entry


def digest_of(settlement: Settlement) -> str:
    """SHA-256 over the RFC 8785 bytes of a settlement without its digest, in hex."""
    proven = {name: getattr(settlement, name) for name in settlement.__struct_fields__ if name != "digest"}
    return sha256(canonical(proven)).hexdigest()


_SORTED = msgspec.json.Encoder(order="sorted").encode


def canonical(document: Any) -> bytes:
    """The RFC 8785 bytes of JSON values, or of what msgspec makes such of; no floats. Of what is plain ASCII msgspec writes the same bytes
    itself, ten times as fast; beyond the basic plane it orders keys otherwise."""
    written = _SORTED(document)
    return written if written.isascii() else rfc8785.dumps(msgspec.to_builtins(document))


def fingerprint(entry: Entry) -> str:
    """SHA-256 over an entry's exact bytes and its place in the log, in hex: one altered byte gives another."""
    meta = entry.meta
    place: list[Any] = [entry.service, entry.position, str(entry.tenant), str(entry.stream), entry.version, entry.type]
    times = [entry.at.isoformat(), entry.recorded_at.isoformat(), meta.by, meta.causation]
    return sha256(canonical([*place, *times]) + entry.data).hexdigest()


def altered(entries: Sequence[Entry], settlement: Settlement) -> list[str]:
    """The entries that are not what the settlement rested on (any more), or are gone: their ids, in order. Of a settlement that is not
    what its digest says, the entry that booked it."""
    now = {entry.id: fingerprint(entry) for entry in entries}
    booked = [e.id for e in entries if isinstance(e.event, own.Settled | own.Rebooked) and e.event.settlement == settlement]
    return [id for id, was in settlement.evidence.items() if now.get(id) != was] + (
        [] if digest_of(settlement) == settlement.digest else booked[-1:]
    )
