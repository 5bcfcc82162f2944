"""An entry comes out of a message and of a page of the feed as it went in, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.bus import Unbelievable, decode_feed, encode_feed, entry_in, headers_of, subject_of
from shared.entry import Entry, Meta
from tests.shared.bus_toy import SEAL, TENANT, codec_of

codec_of("alpha")  # makes the category known

names = st.text(st.characters(codec="utf-8"), max_size=20)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]))  # noqa: DTZ001
metas = st.builds(
    Meta,
    by=st.none() | names,
    causation=st.none() | names,
    correlation=st.none() | names,
    trace=st.none() | names,
    after=st.dictionaries(st.sampled_from(["listing", "client", "authz"]), st.integers(0, 2**62)),
)
entries = st.builds(
    Entry,
    service=st.just("alpha"),
    position=st.integers(1, 2**62),
    tenant=st.uuids(),
    stream=st.uuids(),
    version=st.integers(1, 2**31 - 1),
    type=st.sampled_from(["toy.Said", "toy.Shouted:3"]),
    event=st.none(),
    data=st.binary(max_size=200),
    meta=metas,
    at=instants,
    recorded_at=instants,
)


@settings(max_examples=50)
@given(entry=entries, seal=st.none() | st.binary(min_size=16, max_size=32))
def test_a_message_gives_the_entry_back(entry: Entry, seal: bytes | None) -> None:
    headers = headers_of(entry, seal)
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert entry_in(headers, entry.data, source="alpha", seal=seal) == entry


@settings(max_examples=50)
@given(page=st.lists(entries, max_size=5))
def test_a_page_of_the_feed_gives_the_entries_back(page: list[Entry]) -> None:
    assert decode_feed(encode_feed("alpha", page)) == page


@settings(max_examples=50)
@example(junk=b"\x92\xa1\x80")
@given(junk=st.binary(max_size=100))
def test_what_is_no_page_is_refused(junk: bytes) -> None:
    try:
        decode_feed(junk)
    except ValueError:
        pass
    else:
        pytest.fail("was taken for a page")


ENTRY = Entry(
    service="alpha",
    position=7,
    tenant=TENANT,
    stream=UUID("0190a0a0-0000-7000-8000-00000000000a"),
    version=3,
    type="toy.Said:2",
    event=None,
    data='{"word":"你好"}'.encode(),
    meta=Meta(by="psn_1", correlation="req-1", causation="lst_x@2", trace="00-ab-cd-01", after={"client": 3, "authz": 9}),
    at=datetime(2025, 3, 1, 12, tzinfo=UTC),
    recorded_at=datetime(2025, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
)


def test_it_is_a_cloud_event_in_binary_mode() -> None:
    assert headers_of(ENTRY, None) == {
        "ce-specversion": "1.0",
        "ce-id": f"{ENTRY.stream_id}@3",
        "ce-source": "/fenyong/alpha",
        "ce-type": "toy.Said:2",
        "ce-subject": ENTRY.stream_id,
        "ce-time": "2025-03-01T12:00:00.000000+00:00",
        "ce-recordedtime": "2025-03-01T12:00:00.000005+00:00",
        "ce-sequence": "7",
        "ce-tenant": ENTRY.tenant_id,
        "ce-dataschema": "/schemas/alpha/toy.Said%3A2",
        "content-type": "application/json",
        "ce-by": "psn_1",
        "ce-correlationid": "req-1",
        "ce-causationid": "lst_x@2",
        "ce-traceparent": "00-ab-cd-01",
        "ce-after": "authz=9,client=3",
    }
    assert subject_of(ENTRY) == "fenyong.alpha.toy.Said"


@pytest.mark.parametrize("name", sorted(set(headers_of(ENTRY, SEAL)) - {"content-type"}))
def test_changing_anything_breaks_the_seal(name: str) -> None:
    headers = headers_of(ENTRY, SEAL)
    with pytest.raises(Unbelievable, match="wrong seal"):
        entry_in({**headers, name: headers[name] + "1"}, ENTRY.data, source="alpha", seal=SEAL)
    with pytest.raises(Unbelievable, match="wrong seal"):
        entry_in(headers, ENTRY.data + b" ", source="alpha", seal=SEAL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce-source", "/fenyong/beta"),
        ("ce-sequence", "0"),
        ("ce-sequence", "-1"),
        ("ce-sequence", "９"),
        ("ce-sequence", "1_0"),
        ("ce-sequence", str(2**63)),
        ("ce-id", "toy_0@1"),
        ("ce-id", "no at sign"),
        ("ce-subject", "toy_01j2ga0000e008000000000000"),
        ("ce-time", "2025-03-01T12:00:00"),
        ("ce-tenant", "cmp_"),
        ("ce-after", "client=many"),
    ],
)
def test_what_cannot_be_is_not_believed(name: str, value: str) -> None:
    with pytest.raises(Unbelievable):
        entry_in({**headers_of(ENTRY, None), name: value}, ENTRY.data, source="alpha", seal=None)
