"""Which pack is in force, where and from when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from shared.regulation.pack import Pack
from shared.regulation.refusing import Problem, Refused, invalid


class Activation(Struct, frozen=True):
    """A pack put in force from an instant on, for one store or (None) for the whole company. `recorded_at`: when that was done; None: ever
    since."""

    pack: Pack
    from_: datetime
    store: str | None = None
    recorded_at: datetime | None = None

    @property
    def begins(self) -> datetime:
        """The first of a scope may begin in the past, but what closed or was done before it was recorded stands as it stood then."""
        return self.from_ if self.recorded_at is None else max(self.from_, self.recorded_at)


def in_force(activations: Iterable[Activation], store: str | None, at: datetime) -> Pack:
    """The pack in force for a store (None: the company's account) at an instant.

    For one scope the latest whose `from_` has come and that was recorded by then, an instant that is reached counting as come; a
    store's own goes before the company's. Refused: no_pack.
    """
    begun = [activation for activation in activations if activation.begins <= at]
    for scope in (store, None):
        mine = [activation for activation in begun if activation.store == scope]
        if mine:
            return max(mine, key=lambda activation: activation.from_).pack
    raise Refused("no_pack", store=store, at=at)


def begins_to_apply(activations: Sequence[Activation], store: str | None, clause: str, since: datetime) -> tuple[datetime, Pack] | None:
    """From when on, no earlier than `since`, a clause applies in a store, and the pack by which it does; None: by no pack that is known.

    At once if the pack in force then has it, else with the first later one that does. Refused: no_pack, if none is in force at `since`.
    """
    later = sorted({activation.begins for activation in activations if activation.begins > since})
    for begun in (since, *later):
        pack = in_force(activations, store, begun)
        if pack.has(clause):
            return begun, pack
    return None


def check_activation(activations: Iterable[Activation], new: Activation, at: datetime) -> None:
    """Refused: pack_invalid, if its scope has one from the same instant, or if it begins in the past and is not its scope's first."""
    same_scope = [activation for activation in activations if activation.store == new.store]
    if any(activation.from_ == new.from_ for activation in same_scope):
        raise invalid(new.pack.id, [Problem("from", "another pack is activated from the same instant for the same scope")])
    if same_scope and new.from_ < at:
        raise invalid(new.pack.id, [Problem("from", "lies in the past; only the first pack of a scope may begin there")])
