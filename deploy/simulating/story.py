"""A small world told as a case: the same steps, for `fenyong case` to play over REST."""

import json
from datetime import date, datetime
from typing import Any

from deploy.simulating.lives import Brokerage
from shared.calendar import SHANGHAI


def told(brokerage: Brokerage, pack: str = "A") -> str:
    """The case's text. It expects nothing: what comes of it is compared with the simulation."""
    lines = [f"id: S{brokerage.size.seed}", f'title: "Simulated, seed {brokerage.size.seed}"', "clauses: []", f"pack: {pack}", "people:"]
    lines += [f"  {name}: {_written(post)}" for name, post in brokerage.people.items()]
    lines += ["story:", *(f"  - {_written(step)}" for step in brokerage.steps), "expect: {}"]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    given = {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value
    return json.dumps(given, default=_scalar, ensure_ascii=False)


def _scalar(value: Any) -> str:
    match value:
        case datetime():
            return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
    return str(value)
