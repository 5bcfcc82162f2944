"""What is done for a listing besides following it up: keys, exclusives, photos, plans."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from services.listing.aggregate.listing import Listing, refuse_draft
from services.listing.events import Event, ExclusiveSigned, FloorPlanned, KeyReturned, KeyTaken, Pictured, Surveyed
from shared.identity import Caller, allow
from shared.regulation import Refused


def take_key(listing: Listing, *, by: Caller, at: datetime) -> list[Event]:
    """A-1.N1: taking one ends nobody else's; taking it again puts one last."""
    allow(by, "listing.take_key")
    return [KeyTaken(by.person, at)]


def return_key(listing: Listing, *, by: Caller, at: datetime) -> list[Event]:
    """A-1.N1: gives one's own key back."""
    allow(by, "listing.return_key")
    if by.person not in listing.keys:
        raise Refused("key_not_held", "A-1.N1")
    return [KeyReturned(by.person, at)]


def sign_exclusive(listing: Listing, *, by: Caller, until: date, at: datetime) -> list[Event]:
    """A-1.2.2: an exclusive agency that counts to 24:00 of `until`."""
    allow(by, "listing.sign_exclusive")
    refuse_draft(listing)
    return [ExclusiveSigned(by.person, until, at)]


def survey(
    listing: Listing, *, by: Caller, indoor: int, indoor_with_agent: int, outdoor: int, watermarked: int, at: datetime
) -> list[Event]:
    """B-1-3-1: photos taken, as counted; whether they count is judged at closing."""
    allow(by, "listing.survey")
    return [Surveyed(by.person, indoor, indoor_with_agent, outdoor, watermarked, at)]


def survey_with(listing: Listing, *, by: Caller, photos: Sequence[Pictured], at: datetime) -> list[Event]:
    """B-1-3-1: a survey of photos that its surveyor uploaded, counted by what they show."""
    allow(by, "listing.survey")
    if len({one.photo for one in photos}) < len(photos):
        raise Refused("photo_named_twice", "B-1-3-1")
    for one in photos:
        _refuse_anothers(listing, one.photo, by, "B-1-3-1")
    shows = Counter(one.scene for one in photos)
    marked = sum(photo.watermarked for photo in listing.photos if photo.photo in {one.photo for one in photos})
    return [Surveyed(by.person, shows["indoor"], shows["indoor_with_agent"], shows["outdoor"], marked, at, tuple(photos))]


def draw_floor_plan(listing: Listing, *, by: Caller, door: bool, compass: bool, photo: str | None = None, at: datetime) -> list[Event]:
    """B-1-3-2: a floor plan, with what is marked in it; whether it counts is judged at closing."""
    allow(by, "listing.floor_plan")
    if photo is not None:
        _refuse_anothers(listing, photo, by, "B-1-3-2")
    return [FloorPlanned(by.person, door, compass, at, photo)]


def _refuse_anothers(listing: Listing, photo: str, by: Caller, clause: str) -> None:
    uploaded = next((one for one in listing.photos if one.photo == photo), None)
    if uploaded is None:
        raise Refused("unknown_reference", clause, field="photos")
    if uploaded.by != by.person:
        raise Refused("photo_of_another", clause, by=uploaded.by)
