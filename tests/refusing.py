"""That something is refused, by which code and which clause."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.regulation import Refused


@contextmanager
def refused(code: str, clause: str | None = None, **facts: object) -> Iterator[None]:
    """The block is refused with this code; by this clause and with these facts, if they are given."""
    with pytest.raises(Refused) as caught:
        yield
    why = caught.value
    assert why.code == code
    assert clause is None or why.clause == clause
    assert {name: why.facts.get(name) for name in facts} == facts
