"""The frame that all services stand in: strict reading, problem answers, callers, commands, health, logs, peers.

`app.py` calls `frame(name, CODEC, compose, [routes])`; `api.py` makes `routes = Routes()` and its endpoints take `Ctx`.
"""

from shared.service.answers import Declined, FieldError, done, entered, invalid, json_of
from shared.service.frame import frame
from shared.service.peers import PeerAway, Peers, Standing
from shared.service.reading import (
    Account,
    Body,
    ClientId,
    Code,
    CompanyId,
    ContactId,
    Count,
    Day,
    DealId,
    DisputeId,
    Instant,
    ListingId,
    Money,
    PackId,
    PersonId,
    PhotoId,
    Query64,
    Reason,
    Received,
    Several,
    Short,
    Text,
    Told,
    ViolationId,
    VisitId,
    reference,
)
from shared.service.request import Context, Ctx, Page, Paged
from shared.service.routes import Routes, acts_of
from shared.service.running import Compose, Service, as_it_is
from shared.service.settings import Settings

__all__ = [
    "Account",
    "Body",
    "ClientId",
    "Code",
    "CompanyId",
    "Compose",
    "ContactId",
    "Context",
    "Count",
    "Ctx",
    "Day",
    "DealId",
    "Declined",
    "DisputeId",
    "FieldError",
    "Instant",
    "ListingId",
    "Money",
    "PackId",
    "Page",
    "Paged",
    "PeerAway",
    "Peers",
    "PersonId",
    "PhotoId",
    "Query64",
    "Reason",
    "Received",
    "Routes",
    "Service",
    "Settings",
    "Several",
    "Short",
    "Standing",
    "Text",
    "Told",
    "ViolationId",
    "VisitId",
    "acts_of",
    "as_it_is",
    "done",
    "entered",
    "frame",
    "invalid",
    "json_of",
    "reference",
]
