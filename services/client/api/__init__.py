"""Requests to the client service, by what they are about."""

from services.client.api import clients, complaints, fees, files, grades, gradings, timeline, visits

ROUTES = [clients.routes, files.routes, visits.routes, grades.routes, gradings.routes, complaints.routes, fees.routes, timeline.routes]
