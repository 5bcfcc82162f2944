"""Four tiny services in place of ours, for tests of what runs them."""

from __future__ import annotations

import os

from fastapi import FastAPI, Request


def _app(name: str) -> FastAPI:
    app = FastAPI()

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/internal/secret")
    async def internal() -> dict[str, str]:
        return {"secret": name}

    @app.api_route("/v1/{path:path}", methods=["GET", "POST"])
    async def echo(path: str, request: Request) -> dict[str, object]:
        return {"service": name, "pid": os.getpid(), "path": path, "body": (await request.body()).decode()}

    return app


listing, client, commission, authz = map(_app, ("listing", "client", "commission", "authz"))

APPS = {service: f"tests.deploy.standin:{service}" for service in ("listing", "client", "commission", "authz")}
