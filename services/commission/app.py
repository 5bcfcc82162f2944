"""The commission service, put together: its log, its journal and views, the bench where deals are judged."""

from services.authz import events as authz
from services.client import events as client
from services.commission import api, views
from services.commission.aggregate import claims_of, evolve, evolve_book
from services.commission.events import CODEC
from services.commission.reactions import Bench, Surveyor
from services.listing import events as listing
from shared.eventlog import Streams
from shared.service import Service, frame


async def compose(service: Service) -> None:
    deals = Streams(service.log, "dea", evolve, claims_of)
    packs = Streams(service.log, "pck", evolve_book)
    service.hear("commission", codec=CODEC, project=views.project)
    sources = {
        "authz": service.hear("authz", codec=authz.CODEC, project=views.project),
        "listing": service.hear("listing", codec=listing.CODEC, project=views.project),
        "client": service.hear("client", codec=client.CODEC, project=views.project),
    }
    bench = Bench(service.log, deals, service.pool, sources, Surveyor(service))
    service.parts = api.Parts(deals, packs, bench)
    service.tick("settle what waited", bench.settle_what_waited)


app = frame("commission", CODEC, compose, [api.routes])
