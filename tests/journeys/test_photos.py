"""B-1-3-1 with real files: pictures go up, a survey of them earns its part, and loses it to a watermark that is found in time."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from shared.entry import new_id
from tests.journeys.asking import People
from tests.journeys.telling import cast_of
from tests.shared.test_files import picture

STORY = Path(__file__).parent / "stories" / "a_survey.yaml"
SHOTS = ("indoor", "indoor", "indoor", "indoor", "indoor_with_agent", "outdoor")
clause = pytest.mark.clause


async def sent(people: People, who: str, content: bytes, media_type: str = "image/jpeg", key: str = "") -> httpx2.Response:
    return await people.upload(who, f"/v1/listings/{people.played.ids['listing', 'L1']}:upload-photo", content, media_type, key=key)


async def uploaded(people: People, who: str, *, first: int = 640) -> list[str]:
    """Six different pictures, for a whole survey."""
    answers = [await sent(people, who, picture(width=first + place)) for place in range(len(SHOTS))]
    assert [answer.status_code for answer in answers] == [201] * len(SHOTS), [answer.text for answer in answers]
    return [answer.json()["id"] for answer in answers]


async def survey_line(people: People) -> tuple[str, str]:
    """To whom the survey's part of a deal that closes now goes, and its clauses' last."""
    facts = {"listing": people.played.ids["listing", "L1"], "client": people.played.ids["client", "C1"]}
    told = {**facts, "closers": [cast_of(people.played).people["C"]], "fees": {"agency": {"amount": 3000000, "currency": "CNY"}}}
    deal = (await people.did("C", "/v1/deals", told))["id"]
    await people.did("SM2", f"/v1/deals/{deal}:settle")
    (line,) = [line for line in (await people.read("auditor", f"/v1/deals/{deal}"))["lines"] if line["role"] == "survey"]
    names = {id: name for name, id in cast_of(people.played).people.items()}
    return names[line["to"]], line["clauses"][-1]


@clause("B-1-3-1")
async def test_a_survey_of_photos_earns_its_part(people: People) -> None:
    photos = await uploaded(people, "P")
    shots = [{"photo": photo, "scene": scene} for photo, scene in zip(photos, SHOTS, strict=True)]
    path = f"/v1/listings/{people.played.ids['listing', 'L1']}"
    assert await people.refused("P", f"{path}:survey", {"photos": shots, "indoor": 4}) == (422, "invalid_request")
    assert await people.refused("P", f"{path}:survey", {"indoor": 4}) == (422, "invalid_request")
    assert await people.refused("R", f"{path}:survey", {"photos": shots}) == (409, "photo_of_another")
    await people.did("P", f"{path}:survey", {"photos": shots})
    shown = await people.get("C", f"{path}/photos/{photos[0]}")
    assert (shown.status_code, shown.headers["content-type"], shown.content) == (200, "image/jpeg", picture(width=640))
    assert (await people.get("C", f"{path}/photos/{new_id('pho')}")).status_code == 404
    assert await survey_line(people) == ("P", "B-1-3-1")


@clause("B-1-3-1")
async def test_a_watermark_found_before_closing_takes_it_away(people: People) -> None:
    photos = await uploaded(people, "P")
    path = f"/v1/listings/{people.played.ids['listing', 'L1']}"
    await people.did("P", f"{path}:survey", {"photos": [{"photo": p, "scene": s} for p, s in zip(photos, SHOTS, strict=True)]})
    why = {"photo": photos[2], "reason": "The corner bears the sign of another brokerage"}
    assert await people.refused("R", f"{path}:find-watermark", why) == (403, "forbidden")
    await people.did("SM1", f"{path}:find-watermark", why)
    assert [photo["watermarked"] for photo in (await people.read("C", path))["photos"]] == [False, False, True, False, False, False]
    assert await survey_line(people) == ("R", "B-1-3-3")


@clause("B-1-3-1")
async def test_what_is_no_photo_is_answered_with_what_to_do_and_kept_nowhere(people: People) -> None:
    for content, media_type, answered in (
        (b"not a picture", "image/jpeg", (422, "no_photo")),
        (picture(), "application/pdf", (415, "unsupported_file_type")),
        (picture(width=100), "image/jpeg", (422, "photo_too_small")),
        (b"\xff" * 10_500_000, "image/jpeg", (413, "body_too_large")),
    ):
        answer = await sent(people, "P", content, media_type)
        assert (answer.status_code, answer.json()["code"]) == answered
    key = new_id("key")
    first, again = [await sent(people, "P", picture(), key=key) for _ in range(2)]
    assert (first.json(), again.headers["idempotent-replayed"]) == (again.json(), "true")
    assert (await sent(people, "R", picture())).json()["code"] == "photo_uploaded_already"
    assert len((await people.read("C", f"/v1/listings/{people.played.ids['listing', 'L1']}"))["photos"]) == 1
