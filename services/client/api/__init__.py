"""Requests to the client service, by what they are about."""

from services.client.api import clients, files, visits

ROUTES = [clients.routes, files.routes, visits.routes]
