"""Requests to the commission service, by what they are about."""

from services.commission.api import deals, packs, violations

ROUTES = [deals.routes, packs.routes, violations.routes]
