"""Requests to the client service, by what they are about."""

from services.client.api import clients

ROUTES = [clients.routes]
