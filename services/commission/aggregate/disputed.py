"""A dispute as it stands, and how what is said in it shapes it. What may be decided about it is in `dispute`."""

from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.commission.events import Adjustment, DisputeAppealed, DisputeOpened, DisputeRuled, DisputeStated, ExhibitFiled

DisputeEvent = DisputeOpened | DisputeStated | ExhibitFiled | DisputeAppealed | DisputeRuled
Standing = Literal["open", "ruled", "appealed", "final"]
"""Of a dispute: nobody has ruled; the first instance has; it went to the second; that has ruled."""


class Exhibit(Struct, frozen=True):
    """A file that somebody put in evidence: what they call it, and the SHA-256 of its bytes."""

    id: str
    by: str
    name: str
    sha256: str


class Dispute(Struct, frozen=True):
    """A dispute; `instance` is the last that has ruled, 0 none, `ruled_by` and `ruled_at` whose ruling that was and when. `voices` opened
    it, spoke in it or appealed; `added` are the lines that its rulings have added so far."""

    by: str
    opened_at: datetime
    instance: int = 0
    outcome: str | None = None
    ruled_by: str | None = None
    ruled_at: datetime | None = None
    appealed: bool = False
    voices: tuple[str, ...] = ()
    added: tuple[Adjustment, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()

    @property
    def standing(self) -> Standing:
        if self.instance == 2:
            return "final"
        if self.instance == 1:
            return "appealed" if self.appealed else "ruled"
        return "open"


def heard(dispute: Dispute | None, event: DisputeEvent) -> Dispute:
    """The dispute after something was said in it; None before it was opened."""
    if dispute is None:
        assert isinstance(event, DisputeOpened), "a dispute begins with its opening"
        return Dispute(event.by, event.at, voices=(event.by,))
    if isinstance(event, DisputeRuled):
        added = (*dispute.added, *event.lines)
        return structs.replace(dispute, instance=event.instance, outcome=event.outcome, ruled_by=event.by, ruled_at=event.at, added=added)
    spoken = structs.replace(dispute, voices=tuple(dict.fromkeys((*dispute.voices, event.by))))
    match event:
        case DisputeOpened() | DisputeStated():
            return spoken
        case ExhibitFiled(by=by, exhibit=exhibit, name=name, sha256=sha256):
            return structs.replace(spoken, exhibits=(*spoken.exhibits, Exhibit(exhibit, by, name, sha256)))
        case DisputeAppealed():
            return structs.replace(spoken, appealed=True)
    assert_never(event)
