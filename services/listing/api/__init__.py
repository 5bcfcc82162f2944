"""Requests to the listing service, by what they are about."""

from services.listing.api import listings, photos, suspects, timeline

ROUTES = [listings.routes, photos.routes, suspects.routes, timeline.routes]
