"""The client service, put together: its log, its views, whom it hears, what it sweeps."""

from services.authz import events as authz
from services.client import views
from services.client.aggregate import claims_of, complaint, evolve, evolve_visit, grading, rating
from services.client.api import ROUTES
from services.client.api.parts import Parts
from services.client.events import CODEC
from services.client.reactions import Reactions
from services.commission import events as commission
from services.listing import events as listing
from shared.eventlog import Streams
from shared.service import Service, frame


async def compose(service: Service) -> None:
    clients = Streams(service.log, "cli", evolve, claims_of)
    visits = Streams(service.log, "vst", evolve_visit)
    reactions = Reactions(clients, visits, service.pool, service.caught_up)
    service.parts = Parts(
        clients,
        visits,
        ratings=Streams(service.log, "rat", rating.evolve),
        gradings=Streams(service.log, "grd", grading.evolve, grading.claims_of),
        complaints=Streams(service.log, "cpl", complaint.evolve),
    )
    given = {f"client.{event}" for event in ("Entered", "Claimed", "Reassigned")}
    service.hear("client", codec=CODEC, project=views.project, react=reactions.react, reacts_to=given)
    service.hear("authz", codec=authz.CODEC, project=views.project, react=reactions.react, reacts_to={"person.Left"})
    service.hear("listing", codec=listing.CODEC, project=views.project)
    service.hear(
        "commission",
        codec=commission.CODEC,
        project=views.project,
        react=reactions.react,
        reacts_to={"deal.Reported", "deal.Cancelled", "pack.Activated"},
    )
    service.sweep("announce lapses", reactions.sweep)


app = frame("client", CODEC, compose, ROUTES)
