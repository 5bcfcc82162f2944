"""Authz, put together: its log, its views, the vault behind a role of its own."""

import asyncpg

from services.authz import api, views
from services.authz.aggregate import evolve, evolve_company
from services.authz.events import CODEC
from services.authz.vault import Vault, vault_key
from services.commission import events as commission
from shared.eventlog import Streams
from shared.service import Service, as_it_is, frame


async def compose(service: Service) -> None:
    settings = service.settings
    pool = await asyncpg.create_pool(settings.vault or settings.database, min_size=0, max_size=4, command_timeout=30, reset=as_it_is)
    service.closing(pool.close)
    service.parts = api.Parts(
        companies=Streams(service.log, "cmp", evolve_company),
        people=Streams(service.log, "psn", evolve),
        vault=Vault(pool, vault_key(settings.keys)),
    )
    service.hear("authz", codec=CODEC, project=views.project)
    service.hear("commission", codec=commission.CODEC, project=views.project)


app = frame("authz", CODEC, compose, [api.routes])
