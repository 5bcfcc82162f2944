"""Ids, entries and the codec."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entry import Codec, Entry, EntryMapper, Meta, Placed, Typed, UnknownType, id_of, new_id, prefix_of, uuid_of
from tests.shared.log_toy import NOON

TENANT = UUID("0190a0a0-0000-7000-8000-000000000001")
STREAM = UUID("0190a0a0-0000-7000-8000-000000000002")


class Fee(msgspec.Struct, frozen=True):
    amount: int
    currency: str


class Reported(msgspec.Struct, frozen=True):
    by: str
    fees: dict[str, Fee]
    shares: tuple[int, ...]
    signed_on: date | None
    points: Decimal
    viewing: UUID
    secret: bytes
    at: datetime


class Moved(msgspec.Struct, frozen=True):
    """Said where only in its first version, and to which storey in its second."""

    class_version: ClassVar[int] = 3
    to: str
    storey: int
    at: datetime
    lift: bool = False

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["storey"] = 1

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["lift"] = state["storey"] > 6


class Alone(msgspec.Struct, frozen=True):
    at: datetime


CODEC = Codec("tales", tale=("tal", Reported | Moved), moral=("mor", Alone))


# -- ids


@given(st.uuids(), st.sampled_from(["lst", "cli", "dea", "psn", "cmp"]))
def test_an_id_is_its_uuid_written_out(uuid: UUID, prefix: str) -> None:
    written = id_of(prefix, uuid)
    assert uuid_of(written) == uuid
    assert written.startswith(f"{prefix}_")
    assert len(written) == 30


def test_new_ids_are_version_7_and_sort_by_their_making() -> None:
    made = [new_id("lst") for _ in range(100)]
    uuids = [uuid_of(id) for id in made]
    assert {(uuid.version, uuid.variant) for uuid in uuids} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 100
    assert [id[:14] for id in made] == sorted(id[:14] for id in made)


@pytest.mark.parametrize(
    "id",
    [
        "",
        "lst_",
        "lst_0000000000000000000000000",
        "lst_000000000000000000000000000",
        "lst_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "lst_0000000000000000000000000I",
        "lst_0000000000000000000000000u",
        "LST_00000000000000000000000000",
        "lst-00000000000000000000000000",
        "lst_0000000000000000000000000\n",
        "lst_+0000000000000000000000000",
        "lst_0000000000000_000000000000",
        "lst_00000000000000000000000000\n",
        "lst_000000000000000000000000\u0660\u0660",
    ],
)
def test_a_malformed_id_is_no_id(id: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        uuid_of(id)


# -- entries


def entry(*, causation: str | None) -> Entry:
    event = Alone(NOON)
    later = NOON + timedelta(hours=1)
    return Entry("tales", 7, TENANT, STREAM, 3, "moral.Alone", event, b"", Meta(causation=causation), NOON, later)


def test_an_entry_knows_its_name_by_its_type() -> None:
    assert entry(causation=None).id == f"{id_of('mor', STREAM)}@3"
    assert entry(causation=None).tenant_id == id_of("cmp", TENANT)


def test_a_direct_act_counts_when_recorded_and_a_caused_one_from_its_cause() -> None:
    assert entry(causation=None).effective_at == NOON + timedelta(hours=1)
    assert entry(causation="lst_x@1").effective_at == NOON


# -- the codec

instants = st.datetimes(timezones=st.just(UTC))
reports = st.builds(
    Reported,
    by=st.text(),
    fees=st.dictionaries(st.text(), st.builds(Fee, st.integers(-(2**63), 2**63 - 1), st.just("CNY"))),
    shares=st.lists(st.integers(-(2**63), 2**63 - 1)).map(tuple),
    signed_on=st.none() | st.dates(),
    points=st.decimals(allow_nan=False, allow_infinity=False),
    viewing=st.uuids(),
    secret=st.binary(),
    at=instants,
)


@given(reports | st.builds(Moved, st.text(), st.integers(1, 99), instants, st.booleans()) | st.builds(Alone, instants))
def test_what_was_encoded_is_decoded_the_same(event: Any) -> None:
    type, data = CODEC.encode(event)
    decoded = CODEC.decode(type, data)
    assert decoded == event
    assert decoded.__class__ is event.__class__
    assert CODEC.encode(decoded) == (type, data)
    assert CODEC.decode_all([type, type], [data, data]) == [event, event]


def test_types_are_named_by_category_class_and_version() -> None:
    assert CODEC.encode(Alone(NOON))[0] == "moral.Alone"
    assert CODEC.encode(Moved("Shibei", 2, NOON))[0] == "tale.Moved:3"
    assert prefix_of("tale.Moved:3") == CODEC.prefix_of("tale.Moved") == "tal"


def test_an_older_version_is_brought_up_step_by_step() -> None:
    first = b'{"to":"Shibei","at":"2025-03-01T04:00:00Z"}'
    second = b'{"to":"Shibei","storey":7,"at":"2025-03-01T04:00:00Z"}'
    assert CODEC.decode("tale.Moved", first) == Moved("Shibei", 1, NOON, lift=False)
    assert CODEC.decode("tale.Moved:2", second) == Moved("Shibei", 7, NOON, lift=True)


@pytest.mark.parametrize("type", ["tale.Moved:4", "tale.Alone", "moral.Reported", "os.system", "tale", ""])
def test_an_unknown_type_is_named(type: str) -> None:
    with pytest.raises(UnknownType, match=f"'{type}'"):
        CODEC.decode(type, b"{}")
    with pytest.raises(UnknownType, match=f"'{type}'"):
        CODEC.decode_all(["moral.Alone", type], [b"{}", b"{}"])


def test_an_event_of_elsewhere_cannot_be_written() -> None:
    with pytest.raises(UnknownType, match="Fee is no event of tales"):
        CODEC.encode(Fee(1, "CNY"))


def test_bytes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        CODEC.decode("moral.Alone", b'{"at":"yesterday"}')


def test_a_category_has_one_prefix_everywhere() -> None:
    with pytest.raises(AssertionError, match="another prefix"):
        Codec("other", tale=("tle", Alone))
    with pytest.raises(UnknownType):
        prefix_of("unheard.Of")


class Changeable(msgspec.Struct):
    at: datetime


def test_events_are_frozen() -> None:
    with pytest.raises(AssertionError, match="not frozen"):
        Codec("loose", loose=("loo", Changeable))


# -- for the library


def test_the_librarys_mapper_maps_by_our_names() -> None:
    mapper = EntryMapper(CODEC)
    placed = Placed(STREAM, 3, Moved("Shibei", 7, NOON))
    stored = mapper.to_stored_event(placed)
    assert (stored.originator_id, stored.originator_version, stored.topic) == (STREAM, 3, "tale.Moved:3")
    assert mapper.to_domain_event(stored) == placed
    assert Typed().decode(Typed().encode({"at": NOON})) == {"at": "2025-03-01T04:00:00Z"}
