"""The commission service, put together: its log, its journal and views, the bench where deals are judged."""

from services.authz import events as authz
from services.client import events as client
from services.commission import views
from services.commission.aggregate import book, deal, violation
from services.commission.api import ROUTES
from services.commission.api.parts import Parts
from services.commission.api.statements_forms import write_out
from services.commission.events import CODEC
from services.commission.reactions import Bench, Copyist, Surveyor
from services.commission.views import journal
from services.listing import events as listing
from shared.eventlog import Streams
from shared.service import Service, frame


async def compose(service: Service) -> None:
    deals = Streams(service.log, "dea", deal.evolve, deal.claims_of)
    packs = Streams(service.log, "pck", book.evolve)
    violations = Streams(service.log, "vio", violation.evolve)
    service.hear("commission", codec=CODEC, project=views.project)
    for source, codec in (("authz", authz.CODEC), ("listing", listing.CODEC), ("client", client.CODEC)):
        service.hear(source, codec=None, task="journal", project=journal.keep, project_all=journal.keep_all, parks=False)
        service.hear(source, codec=codec, project=views.project)
    bench = Bench(service.log, deals, service.pool, service.hearings, Surveyor(service))
    service.parts = Parts(deals, packs, violations, bench)
    service.tick("book what waits", bench.book_what_waits)
    service.tick("make statements", Copyist(service, write_out).make_next)


app = frame("commission", CODEC, compose, ROUTES)
