"""How an entry travels: as a CloudEvent on NATS (binary mode), and in pages of the feed. Both keep the event's bytes exactly.

A message is believed if its seal is right: an HMAC, with a key that only the services know, over everything in it. Where no seal is
configured, NATS' own permissions have to keep others from speaking in a service's name.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from shared.entry import Entry, Meta, id_of, uuid_of

FEED_MEDIA_TYPE = "application/vnd.fenyong.feed+msgpack"
SEAL = "fenyong-seal"

_SEALED = (
    "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-recordedtime", "ce-sequence", "ce-tenant",
    "ce-by", "ce-correlationid", "ce-causationid", "ce-traceparent", "ce-after", "ce-dataschema",
)  # fmt: skip


class Unbelievable(Exception):
    """A message that cannot be what it says it is; `position` is what it claims, if that much can be read."""

    def __init__(self, why: str, position: int | None = None) -> None:
        super().__init__(why)
        self.position = position


def stream_of(service: str) -> str:
    """The JetStream stream in which a service's entries stand."""
    return f"FENYONG_{service.upper()}"


def subjects_of(service: str) -> str:
    """Four tokens: what a service says beside its entries (watermark, appended) has three and stays out of the stream."""
    return f"fenyong.{service}.*.*"


def subject_of(entry: Entry) -> str:
    """`fenyong.commission.deal.Reported`: without the version of the type's form, so that a listener need not know it."""
    category, _, name = entry.type.partition(":")[0].partition(".")
    return f"fenyong.{entry.service}.{_token(category)}.{_token(name)}"


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", text) or "_"


def headers_of(entry: Entry, seal: bytes | None) -> dict[str, str]:
    """The entry as CloudEvents headers; the message's body is `entry.data`."""
    meta = entry.meta
    headers = {
        "ce-specversion": "1.0",
        "ce-id": entry.id,
        "ce-source": f"/fenyong/{entry.service}",
        "ce-type": entry.type,
        "ce-subject": entry.stream_id,
        "ce-time": _written(entry.at),
        "ce-recordedtime": _written(entry.recorded_at),
        "ce-sequence": str(entry.position),
        "ce-tenant": id_of("cmp", entry.tenant),
        "ce-dataschema": f"/schemas/{entry.service}/{quote(entry.type)}",
        "content-type": "application/json",
    }
    for name, value in (
        ("ce-by", meta.by),
        ("ce-correlationid", meta.correlation),
        ("ce-causationid", meta.causation),
        ("ce-traceparent", meta.trace),
    ):
        if value is not None:
            headers[name] = quote(value, safe="_-.:@/")
    if meta.after:
        headers["ce-after"] = ",".join(f"{source}={position}" for source, position in sorted(meta.after.items()))
    if seal is not None:
        headers[SEAL] = seal_of(_said(headers, entry.data), seal)
    return headers


def entry_in(headers: Mapping[str, str] | None, data: bytes, *, source: str, seal: bytes | None) -> Entry:
    """The entry in a message; raises Unbelievable. Its event is not decoded: what cannot be decoded may still be true."""
    headers = headers or {}
    position = _position_in(headers)
    if not is_sealed(headers, _said(headers, data), seal):
        raise Unbelievable("wrong seal", position)
    if headers.get("ce-source") != f"/fenyong/{source}":
        raise Unbelievable("another source", position)
    try:
        stream_id, _, version = headers["ce-id"].rpartition("@")
        entry = Entry(
            service=source,
            position=_number(headers["ce-sequence"]),
            tenant=uuid_of(headers["ce-tenant"]),
            stream=uuid_of(stream_id),
            version=_number(version),
            type=headers["ce-type"],
            event=None,
            data=data,
            meta=Meta(
                by=_read(headers, "ce-by"),
                correlation=_read(headers, "ce-correlationid"),
                causation=_read(headers, "ce-causationid"),
                trace=_read(headers, "ce-traceparent"),
                after=_after_in(headers),
            ),
            at=_instant(headers["ce-time"]),
            recorded_at=_instant(headers["ce-recordedtime"]),
        )
    except (KeyError, ValueError) as error:
        raise Unbelievable(f"unreadable: {error!r}", position) from error
    if entry.position < 1 or entry.version < 1 or headers.get("ce-subject") != stream_id:
        raise Unbelievable("contradicts itself", position)
    return entry


def seal_of(said: bytes, seal: bytes) -> str:
    return hmac.new(seal, said, hashlib.sha256).hexdigest()


def is_sealed(headers: Mapping[str, str] | None, said: bytes, seal: bytes | None) -> bool:
    """Whether whoever said this knows the key; true of anything where there is no key."""
    return seal is None or hmac.compare_digest((headers or {}).get(SEAL, "").encode(), seal_of(said, seal).encode())


def _said(headers: Mapping[str, str], data: bytes) -> bytes:
    return "\n".join(headers.get(name, "") for name in _SEALED).encode() + b"\n" + data


def _position_in(headers: Mapping[str, str]) -> int | None:
    try:
        return _number(headers.get("ce-sequence", ""))
    except ValueError:
        return None


def _after_in(headers: Mapping[str, str]) -> dict[str, int]:
    pairs = (pair.partition("=") for pair in headers.get("ce-after", "").split(",") if pair)
    return {source: _number(position) for source, _, position in pairs}


def _number(written: str) -> int:
    """A number as we write them: plain digits that fit into 63 bits, and none of what `int` would also take."""
    if not (written.isascii() and written.isdigit() and len(written) < 20 and int(written) < 2**63):
        raise ValueError("not a number of ours")
    return int(written)


def _read(headers: Mapping[str, str], name: str) -> str | None:
    return unquote(headers[name]) if name in headers else None


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(written: str) -> datetime:
    instant = datetime.fromisoformat(written)
    if instant.tzinfo is None:
        raise ValueError("a time without offset")
    return instant


class _Row(msgspec.Struct, frozen=True, array_like=True):
    position: int
    tenant: UUID
    stream: UUID
    version: int
    type: str
    data: bytes
    meta: Meta
    at: datetime
    recorded_at: datetime


_page_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_page_decoder = msgspec.msgpack.Decoder(tuple[str, list[_Row]])


def encode_feed(service: str, entries: Sequence[Entry]) -> bytes:
    """A page of a service's log, the answer to `GET /internal/feed?after=&limit=`."""
    rows = [_Row(e.position, e.tenant, e.stream, e.version, e.type, e.data, e.meta, e.at, e.recorded_at) for e in entries]
    return _page_encoder.encode((service, rows))


def decode_feed(page: bytes) -> list[Entry]:
    """The entries of a page, in its order, events not decoded; raises ValueError for anything that is not a page."""
    service, rows = _page_decoder.decode(page)
    return [
        Entry(
            service=service, position=row.position, tenant=row.tenant, stream=row.stream, version=row.version, type=row.type,
            event=None, data=row.data, meta=row.meta, at=row.at, recorded_at=row.recorded_at,
        )
        for row in rows
    ]  # fmt: skip
