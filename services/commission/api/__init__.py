"""Requests to the commission service, by what they are about."""

from services.commission.api import agenda, deals, packs, violations

ROUTES = [agenda.routes, deals.routes, packs.routes, violations.routes]
