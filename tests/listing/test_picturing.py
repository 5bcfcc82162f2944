"""B-1-3-1, B-1-3-2: pictures as files, surveys of them, and watermarks that are found."""

from services.listing import aggregate
from services.listing.aggregate.picturing import PHOTOS_MAX
from services.listing.events import Pictured, Scene
from tests.listing.flat import Flat, at
from tests.refusing import refused

WHEN = "2024-03-02 10:00"


def entered() -> Flat:
    flat = Flat()
    flat.enter()
    return flat


def upload(flat: Flat, photo: str, by: str = "X", sha256: str | None = None) -> None:
    about = {"sha256": sha256 or f"digest of {photo}", "media_type": "image/jpeg", "size_bytes": 9, "width": 640, "height": 480}
    flat.take(aggregate.upload_photo(flat.listing, by=flat.by(by), photo=photo, at=at(WHEN), **about))  # type: ignore[arg-type]


def surveyed(flat: Flat, *shots: tuple[str, Scene], by: str = "X") -> tuple[int, int, int, int]:
    photos = [Pictured(photo, scene) for photo, scene in shots]
    (event,) = flat.take(aggregate.survey_with(flat.listing, by=flat.by(by), photos=photos, at=at(WHEN)))
    assert event.photos == tuple(photos)  # type: ignore[union-attr]
    return event.indoor, event.indoor_with_agent, event.outdoor, event.watermarked  # type: ignore[union-attr]


def found(flat: Flat, photo: str, by: str = "M1") -> int:
    """How many findings were recorded."""
    look = {"by": flat.by(by), "photo": photo, "reason": "a logo", "ground": flat.ground}
    return len(flat.take(aggregate.find_watermark(flat.listing, at=at(WHEN), **look)))  # type: ignore[arg-type]


def test_a_survey_is_counted_by_what_its_photos_show() -> None:
    flat = entered()
    for photo in "abc":
        upload(flat, photo)
    assert surveyed(flat, ("a", "indoor"), ("b", "indoor_with_agent"), ("c", "outdoor")) == (1, 1, 1, 0)
    assert surveyed(flat, ("a", "indoor"), ("b", "indoor")) == (2, 0, 0, 0)


def test_a_survey_takes_ones_own_photos_each_once() -> None:
    flat = entered()
    upload(flat, "a")
    with refused("unknown_reference", "B-1-3-1"):
        surveyed(flat, ("b", "indoor"))
    with refused("photo_named_twice", "B-1-3-1"):
        surveyed(flat, ("a", "indoor"), ("a", "outdoor"))
    with refused("photo_of_another", "B-1-3-1"):
        surveyed(flat, ("a", "indoor"), by="T")


def test_a_plan_takes_ones_own_picture() -> None:
    flat = entered()
    upload(flat, "a")
    with refused("photo_of_another", "B-1-3-2"):
        aggregate.draw_floor_plan(flat.listing, by=flat.by("T"), door=True, compass=True, photo="a", at=at(WHEN))
    (plan,) = aggregate.draw_floor_plan(flat.listing, by=flat.by("X"), door=True, compass=True, photo="a", at=at(WHEN))
    assert plan.photo == "a"  # type: ignore[union-attr]


def test_the_same_picture_is_taken_once_and_not_without_end() -> None:
    flat = entered()
    upload(flat, "a")
    with refused("photo_uploaded_already", "B-1-3-1"):
        upload(flat, "b", by="T", sha256="digest of a")
    for number in range(1, PHOTOS_MAX):
        upload(flat, f"p{number}")
    with refused("too_many_photos", "B-1-3-1"):
        upload(flat, "one more")


def test_a_manager_finds_a_watermark_once_and_later_surveys_have_it() -> None:
    flat = entered()
    upload(flat, "a")
    upload(flat, "b")
    assert surveyed(flat, ("a", "indoor"))[3] == 0
    with refused("forbidden"):
        found(flat, "a", by="T")
    with refused("forbidden"):
        found(flat, "a", by="M2")
    with refused("unknown_reference", "B-1-3-1"):
        found(flat, "c")
    assert found(flat, "a") == 1
    assert found(flat, "a") == 0
    assert surveyed(flat, ("a", "indoor"), ("b", "indoor"))[3] == 1
