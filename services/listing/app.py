"""The listing service, put together: its log, its views, whom it hears, what it sweeps."""

from services.authz import events as authz
from services.client import events as client
from services.commission import events as commission
from services.listing import views
from services.listing.aggregate import claims_of, claims_of_attempt, evolve, evolve_attempt
from services.listing.api import ROUTES
from services.listing.api.listings import Parts
from services.listing.events import CODEC
from services.listing.reactions import Reactions
from shared.eventlog import Streams
from shared.service import Service, frame


async def compose(service: Service) -> None:
    listings = Streams(service.log, "lst", evolve, claims_of)
    reactions = Reactions(listings, service.pool, service.caught_up)
    service.parts = Parts(listings, Streams(service.log, "att", evolve_attempt, claims_of_attempt))
    given = {f"listing.{event}" for event in ("Entered", "Completed", "Shown", "Marked", "Reassigned", "Concealed")}
    service.hear("listing", codec=CODEC, project=views.project, react=reactions.react, reacts_to=given)
    service.hear("authz", codec=authz.CODEC, project=views.project, react=reactions.react, reacts_to={"person.Left"})
    service.hear("client", codec=client.CODEC, project=views.project, react=reactions.react, reacts_to={"client.Viewed"})
    service.hear(
        "commission",
        codec=commission.CODEC,
        project=views.project,
        react=reactions.react,
        reacts_to={"deal.Reported", "deal.ListingAttached", "deal.Cancelled", "pack.Activated"},
    )
    service.sweep("announce lapses", reactions.sweep)


app = frame("listing", CODEC, compose, ROUTES)
