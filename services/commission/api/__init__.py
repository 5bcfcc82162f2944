"""Requests to the commission service, by what they are about."""

from services.commission.api import agenda, deals, disputes, exhibits, packs, statements, violations

ROUTES = [agenda.routes, deals.routes, disputes.routes, exhibits.routes, packs.routes, statements.routes, violations.routes]
