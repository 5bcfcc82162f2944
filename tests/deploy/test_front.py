"""One table says who answers for what; everything else that routes is drawn from it."""

from __future__ import annotations

import importlib
import json
import subprocess
from pathlib import Path

import pytest

from deploy.front import ROUTES, envoy_config, envoy_program, kubernetes_ingress, service_of
from deploy.migrate import SERVICES


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/deals", "commission"),
        ("/v1/deals/dea_1:settle", "commission"),
        ("/v1/deals:sign", "commission"),
        ("/v1/deals/dea_1/replay", "commission"),
        ("/v1/people", "authz"),
        ("/v1/dealsheets", None),
        ("/v1", None),
        ("/internal/feed", None),
        ("/metrics", None),
    ],
)
def test_a_resource_is_answered_with_its_verbs_and_all_below_it(path: str, service: str | None) -> None:
    assert service_of(path) == service


def test_every_route_leads_to_a_service_and_none_inside() -> None:
    assert set(ROUTES.values()) == set(SERVICES)
    assert all(route.startswith("/v1/") and route.count("/") == 2 for route in ROUTES)


EVERYWHERE = ("/v1/problems/{code}", "/v1/openapi.json")


@pytest.mark.parametrize("service", SERVICES)
def test_every_resource_that_a_service_serves_is_led_to_it(service: str) -> None:
    paths = importlib.import_module(f"services.{service}.app").app.openapi()["paths"]
    resources = [path for path in paths if path.startswith("/v1/") and path not in EVERYWHERE]
    assert resources
    assert {service_of(path) for path in resources} == {service}


def test_the_ingress_is_drawn_from_the_same_table() -> None:
    paths = kubernetes_ingress(host="fenyong.example")["spec"]["rules"][0]["http"]["paths"]
    assert {path["path"]: path["backend"]["service"]["name"] for path in paths} == ROUTES


def test_envoy_accepts_its_configuration_for_sockets_and_for_hosts(tmp_path: Path) -> None:
    upstreams = {service: [f"unix:{tmp_path}/{service}.sock", f"unix:{tmp_path}/{service}-2.sock"] for service in SERVICES}
    upstreams["listing"] = ["listing:80"]
    config = tmp_path / "front.json"
    config.write_text(json.dumps(envoy_config(host="127.0.0.1", port=8080, upstreams=upstreams)))
    checked = subprocess.run([envoy_program(), "--mode", "validate", "-c", config], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
