"""One number is one, however it is written: what duplicates (A-2.5) and an agent's own phone (A-2.13) are known by."""

import pytest

from services.authz.vault import normalised_phone


@pytest.mark.parametrize("written", [
    "13912345678", "139 1234 5678", "139-1234-5678", "+86 139 1234 5678", "+8613912345678", "0086 13912345678",
    "８６ １３９１２３４５６７８", "１３９１２３４５６７８", " 13912345678 ", "(139) 1234-5678", "86 13912345678",
])  # fmt: skip
def test_one_mobile_number_is_one(written: str) -> None:
    assert normalised_phone(written) == "+8613912345678"


@pytest.mark.parametrize("written", ["010-62345678", "010 6234 5678", "+86 10 62345678", "(010)62345678"])
def test_one_landline_is_one(written: str) -> None:
    assert normalised_phone(written) == "+861062345678"


def test_another_number_and_another_country_are_others() -> None:
    assert len({normalised_phone(number) for number in ("13912345678", "13912345679", "+852 6123 4567", "+1 202 555 0143")}) == 4


@pytest.mark.parametrize("written", ["", "none", "123", "139123456789012345", "phone"])
def test_what_is_no_phone_is_none(written: str) -> None:
    with pytest.raises(ValueError, match="no phone"):
        normalised_phone(written)
