"""All services' routes stand in one OpenAPI document, and whatever the page of the API names stands in it."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deploy.migrate import SERVICES
from shared.service.document import merged

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return merged({service: import_module(f"services.{service}.app").app.openapi() for service in SERVICES})


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path.partition("?")[0])


def test_each_route_of_the_page_stands_in_the_document(document: dict[str, Any]) -> None:
    named = {(method, shape(path)) for method, path in re.findall(r"`(GET|POST) (/v1/[^`\s]+)`", PAGE.read_text("utf-8"))}
    assert ("POST", "/v1/deals/{}:settle") in named
    drawn = {(method.upper(), shape(path)) for path, operations in document["paths"].items() for method in operations}
    assert named - drawn == set()
    assert drawn - named == set()


def test_it_holds_together(document: dict[str, Any]) -> None:
    """Every reference leads somewhere, what two services call the same without meaning it has two names, nothing inside is named."""
    text = json.dumps(document)
    assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) <= set(document["components"]["schemas"])
    assert {"ListingFollowUp", "ClientFollowUp", "Reassign", "Problem"} <= set(document["components"]["schemas"])
    assert "FollowUp" not in document["components"]["schemas"]
    assert "HTTPValidationError" not in text
    assert all(path.startswith("/v1/") for path in document["paths"])


def test_a_command_says_that_it_takes_a_token_and_a_key(document: dict[str, Any]) -> None:
    settle = document["paths"]["/v1/deals/{id}:settle"]["post"]
    assert settle["security"] == [{"token": []}]
    assert [one["name"] for one in settle["parameters"] if one["in"] == "header"] == ["Idempotency-Key"]
    assert "problem+json" in str(settle["responses"]["default"])
    assert "security" not in document["paths"]["/v1/problems/{code}"]["get"]


def test_a_body_of_which_all_may_be_left_out_may_be_left_out_itself(document: dict[str, Any]) -> None:
    bodies = {verb: document["paths"][f"/v1/clients/{{id}}:{verb}"]["post"]["requestBody"] for verb in ("mark-important", "set-level")}
    assert [bodies[verb].get("required", False) for verb in ("mark-important", "set-level")] == [False, True]
