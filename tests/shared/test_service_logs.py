"""Nothing personal gets into a log, whoever writes the line."""

import pytest

from shared.service.logs import redact, traced, without_personal


@pytest.mark.parametrize(
    "text",
    [
        "13912345678",
        "call +8613912345678 now",
        "m13912345678",
        "139 1234 5678",
        "139-1234-5678",
        "0755-26543210",
        "440301199001011234",
        "44030119900101123X",
        "Bearer abc.def.ghi",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    ],
)
def test_phones_identity_numbers_and_tokens_are_taken_out(text: str) -> None:
    assert text.split()[-1] not in without_personal(text) or without_personal(text).endswith("now")
    assert not any(part in without_personal(text) for part in ("1234", "2654", "1990", "eyJ", "abc.def"))


@pytest.mark.parametrize(
    "text",
    [
        "lst_01m83d13912345678y4qtcyabc",
        "psn_01m83d6k2e3c4b5a6978qtcyhz",
        "listing=139123456789",
        "3000000",
        "2026-11-23T05:19:30.798498Z",
        "a" * 64,
    ],
)
def test_ids_positions_amounts_and_instants_stay(text: str) -> None:
    assert without_personal(text) == text


def test_what_is_personal_by_its_name_is_hidden_however_deep_it_stands() -> None:
    line = {"event": "x", "phone": "1", "deep": {"owner_phone": 2, "list": [{"Name": "n"}]}, "ms": 1.5}
    assert redact(None, "", line) == {
        "event": "x",
        "phone": "[hidden]",
        "deep": {"owner_phone": "[hidden]", "list": [{"Name": "[hidden]"}]},
        "ms": 1.5,
    }


def test_a_trace_says_where_and_not_with_which_values() -> None:
    secret = "13912345678"
    try:
        try:
            int("x" + secret)
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError as error:
        trace = "\n".join(traced(error))
    assert "KeyError" in trace
    assert "ValueError" in trace
    assert "test_service_logs.py" in trace
    assert secret not in trace
