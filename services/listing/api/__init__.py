"""Requests to the listing service, by what they are about."""

from services.listing.api import listings, suspects

ROUTES = [listings.routes, suspects.routes]
