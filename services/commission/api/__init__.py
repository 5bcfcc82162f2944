"""Requests to the commission service, by what they are about."""

from services.commission.api import agenda, deals, packs, statements, violations

ROUTES = [agenda.routes, deals.routes, packs.routes, statements.routes, violations.routes]
