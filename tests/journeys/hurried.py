"""The commission service, but for how long anybody waits: statements of more than two lines are made later, JSON alone at once."""

from msgspec import structs

from services.commission.api.statements_forms import FORMS
from services.commission.app import app

for name in ("csv", "xlsx", "pdf"):
    FORMS[name] = structs.replace(FORMS[name], lines_waited_for=2, lines_max=13)

__all__ = ["app"]
