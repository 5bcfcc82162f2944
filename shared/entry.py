"""An event in its place in the log: identifiers, the entry, and the codec that turns events into bytes and back."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from os import urandom
from types import UnionType
from typing import Any, Final, get_args
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from shared.calendar import now


class Meta(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who wrote an entry and why. `after` is what the writer had heard of other services: source -> position."""

    by: str | None = None
    causation: str | None = None
    correlation: str | None = None
    trace: str | None = None
    after: dict[str, int] = {}


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event where it stands. `event` is None where it was read raw; `data` are the exact bytes of the log."""

    service: str
    position: int
    tenant: UUID
    stream: UUID
    version: int
    type: str
    event: Any
    data: bytes
    meta: Meta
    at: datetime
    recorded_at: datetime

    @property
    def id(self) -> str:
        return f"{self.stream_id}@{self.version}"

    @property
    def stream_id(self) -> str:
        return id_of(prefix_of(self.type), self.stream)

    @property
    def tenant_id(self) -> str:
        return id_of("cmp", self.tenant)

    @property
    def effective_at(self) -> datetime:
        """When it counts. A direct act counts when it was recorded; one that another service's entry caused counts from that entry on."""
        return self.recorded_at if self.meta.causation is None else self.at


class UnknownType(ValueError):
    """The log or a message names a type, or a version of it, that this code does not know."""


# -- identifiers ------------------------------------------------------------------------------------------------

# Crockford's alphabet leaves out i, l, o and u, so that an id can be read aloud.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TO_PYTHONS_BASE_32: Final = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_PAIRS: Final = [a + b for a in _ALPHABET for b in _ALPHABET]
_WELL_FORMED: Final = re.compile(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}").fullmatch


def new_id(prefix: str) -> str:
    """A new id that sorts by the millisecond it was made in (a version 7 UUID)."""
    milliseconds = int(now().timestamp() * 1000)
    chance = int.from_bytes(urandom(10), "big")
    number = milliseconds << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return f"{prefix}_{_written(number)}"


@lru_cache(maxsize=4096)
def uuid_of(id: str) -> UUID:
    """The UUID that an id stands for. ValueError if it is malformed; its prefix is not looked at."""
    if not _WELL_FORMED(id):
        raise ValueError("malformed id")
    return UUID(int=int(id[4:].translate(_TO_PYTHONS_BASE_32), 32))


@lru_cache(maxsize=4096)
def id_of(prefix: str, uuid: UUID) -> str:
    return f"{prefix}_{_written(uuid.int)}"


def _written(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


# -- the codec --------------------------------------------------------------------------------------------------

DECODED_AT_ONCE: Final = 200
_PREFIXES: Final[dict[str, str]] = {}
"""Category -> prefix of its streams' ids, of every codec that was made: an entry's type tells its stream's id."""


def prefix_of(type: str) -> str:
    """The prefix of the streams that a type's entries stand in. UnknownType if no codec has its category."""
    prefix = _PREFIXES.get(type.partition(".")[0])
    if prefix is None:
        raise UnknownType(f"no codec knows the category of {type!r}")
    return prefix


class Codec:
    """All events of one service: `Codec("commission", deal=("dea", DealEvent), pack=("pck", PackEvent))`.

    A keyword is a category, with the prefix of its streams and the union of its events, each a frozen struct. The class
    `Reported` of category `deal` is stored as "deal.Reported"; from `class_version = 2` on as "deal.Reported:2". What was
    stored in an earlier version is brought up by the class's `upcast_v1_v2(state: dict)`, and so on, each a static method
    that changes the state it is given.
    """

    def __init__(self, service: str, **categories: tuple[str, Any]) -> None:
        self.service = service
        self.names: dict[type, str] = {}
        self._decoders: dict[str, Callable[[bytes], Any]] = {}
        self._list_decoders: dict[str, Callable[[bytes], list[Any]]] = {}
        self._encode = msgspec.json.Encoder().encode
        for category, (prefix, union) in categories.items():
            assert _PREFIXES.setdefault(category, prefix) == prefix, f"category {category!r} has another prefix elsewhere"
            for cls in _members(union):
                self._register(category, cls)

    def encode(self, event: object) -> tuple[str, bytes]:
        """The type's name and the bytes to store. UnknownType for an event of no category."""
        name = self.names.get(type(event))
        if name is None:
            raise UnknownType(f"{type(event).__name__} is no event of {self.service}")
        return name, self._encode(event)

    def decode(self, type: str, data: bytes) -> Any:
        """The event. UnknownType names a type that is not of this codec; ValueError if the bytes do not fit it."""
        return self.decoder(type)(data)

    def decoder(self, type: str) -> Callable[[bytes], Any]:
        """What decodes the events of a type. UnknownType names one that is not of this codec."""
        decoder = self._decoders.get(type)
        if decoder is None:
            raise UnknownType(f"{type!r} is no event of {self.service}")
        return decoder

    def decode_all(self, types: Iterable[str], datas: Iterable[bytes]) -> list[Any]:
        """The same for a whole stream."""
        return list(self.decode_each(list(types), list(datas)))

    def decode_each(self, types: Sequence[str], datas: Sequence[bytes]) -> Iterator[Any]:
        """The same one after the other. Events of one type that follow one another are decoded as lists, in half of the time, yet not
        more at once than a processor has at hand when they are folded."""
        for type in set(types) - self._decoders.keys():
            raise UnknownType(f"{type!r} is no event of {self.service}")
        end = 0
        for type, run in groupby(types):
            start, end = end, end + len(list(run))
            for place in range(start, end, DECODED_AT_ONCE):
                yield from self._decode_alike(type, datas[place : min(place + DECODED_AT_ONCE, end)])

    def _decode_alike(self, type: str, datas: Sequence[bytes]) -> list[Any]:
        decode_list = self._list_decoders.get(type)
        if len(datas) == 1 or decode_list is None:
            return [self.decode(type, data) for data in datas]
        events = decode_list(b"[" + b",".join(datas) + b"]")
        assert len(events) == len(datas), "an entry's bytes are one value"
        return events

    def prefix_of(self, type: str) -> str:
        """The prefix of the streams that a type's entries stand in."""
        return prefix_of(type)

    def _register(self, category: str, cls: type) -> None:
        assert issubclass(cls, msgspec.Struct), f"{category}.{cls.__name__} is no struct"
        assert cls.__struct_config__.frozen, f"{category}.{cls.__name__} is not frozen"
        version = _class_version(cls)
        names = [f"{category}.{cls.__name__}" + (f":{v}" if v > 1 else "") for v in range(1, version + 1)]
        assert self._decoders.keys().isdisjoint(names), f"{names[0]} stands there twice"
        decode = msgspec.json.Decoder(cls).decode
        self.names[cls] = names[-1]
        self._decoders[names[-1]] = decode
        self._list_decoders[names[-1]] = msgspec.json.Decoder(list[cls]).decode  # type: ignore[valid-type]
        for stored, name in enumerate(names[:-1], start=1):
            self._decoders[name] = _upcasting(cls, stored, version, decode)


def _members(union: Any) -> Iterable[type]:
    return get_args(union) if isinstance(union, UnionType) or get_args(union) else (union,)


def _class_version(cls: type) -> int:
    version: int = getattr(cls, "class_version", 1)
    assert version >= 1, f"{cls.__name__}.class_version counts from 1"
    return version


def _upcasting(cls: type, stored: int, version: int, decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    steps: list[Callable[[dict[str, Any]], None]] = [getattr(cls, f"upcast_v{v}_v{v + 1}") for v in range(stored, version)]

    def upcast(data: bytes) -> Any:
        state = msgspec.json.decode(data, type=dict[str, Any])
        for step in steps:
            step(state)
        return decode(msgspec.json.encode(state))

    return upcast


# -- our log in the hands of the eventsourcing library ----------------------------------------------------------


class Typed(Transcoder):
    """The library's transcoder over msgspec: any struct to JSON bytes, and JSON bytes to plain values."""

    def encode(self, obj: Any) -> bytes:
        return msgspec.json.encode(obj)

    def decode(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class Placed(msgspec.Struct, frozen=True):
    """An event of ours as the library wants one: with its stream and version. Ours have no identity of their own."""

    originator_id: UUID
    originator_version: int
    event: Any

    def mutate(self, aggregate: Any) -> Any:
        """Nothing: our aggregates fold events by `evolve`."""
        return aggregate


class EntryMapper(Mapper[UUID]):
    """Maps by our names and typed decoders, never by the topic of a class: a name in the store imports nothing."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(Typed())
        self.codec = codec

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        assert isinstance(domain_event, Placed), "our events are placed in a stream before they are stored"
        topic, state = self.codec.encode(domain_event.event)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        assert isinstance(stored_event.originator_id, UUID), "streams have UUIDs"
        return Placed(
            stored_event.originator_id, stored_event.originator_version, self.codec.decode(stored_event.topic, stored_event.state)
        )
