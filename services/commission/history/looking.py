"""Facts that are looked up when they are asked about: most splits ask about few."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Fact = TypeVar("Fact")


def looked_up(look: Callable[..., tuple[Fact, ...]], *of: Any) -> tuple[Fact, ...]:
    """What `look` gives of these, looked up at the first question about it."""
    # No tuple, but as good as one to rules, which go through facts one by one. What is written down is made into tuples (`in_full`).
    return _LookedUp(look, of)  # type: ignore[return-value]


class _LookedUp(Sequence[Fact]):
    __slots__ = ("_found", "_look", "_of")

    def __init__(self, look: Callable[..., tuple[Fact, ...]], of: tuple[Any, ...]) -> None:
        self._look, self._of = look, of
        self._found: tuple[Fact, ...] | None = None

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, place: Any) -> Any:
        return self._all()[place]

    def _all(self) -> tuple[Fact, ...]:
        if self._found is None:
            self._found = self._look(*self._of)
        return self._found
