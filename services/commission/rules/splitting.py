"""The clauses of a pack, one after another."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from services.commission.rules.allocation import (
    first_recorder,
    incorrect_listing,
    key_share,
    lapsed_listing,
    senior_for_newcomer,
    several_closers,
    teams_listing,
    unreachable_owner,
)
from services.commission.rules.facts import Facts
from services.commission.rules.forfeiting import departed, private_closing, private_dealing
from services.commission.rules.management import (
    agent_idle,
    agent_on_leave,
    departed_agent,
    departed_worker,
    entered_after_closing,
    hoarding,
    inaccurate_listing,
    nobodys_part,
    not_in_the_system,
)
from services.commission.rules.noting import notes
from services.commission.rules.parts import Line, Part, Split, Step
from services.commission.rules.tables import base_of, shared_out, table_of
from shared.money import Fen, share
from shared.regulation import Pack


def split(facts: Facts, pack: Pack) -> Split:
    """The split of a deal under a pack: lines in the order of roles, summing to the base; notes and violations that go with it."""
    table = table_of(facts, pack)
    parts = shared_out(table, facts, pack)
    for step in _steps(pack):
        parts = step(parts, facts, pack)
    ordered = sorted(parts, key=lambda part: pack.order[part.role])
    base_fen = base_of(table, facts, pack)
    lines = tuple(map(_line, ordered, share(base_fen, [part.points for part in ordered])))
    return Split(base_fen, lines, notes(facts, pack, lines), hoarding(facts, pack))


@lru_cache(maxsize=256)
def _steps(pack: Pack) -> tuple[Step, ...]:
    """What the clauses of a pack do after its table, in their order."""
    return tuple(STEPS[clause] for clause in pack.clauses if clause in STEPS)


def _line(part: Part, amount_fen: Fen) -> Line:
    evidence = tuple(dict.fromkeys(part.evidence))
    return Line(part.role, part.to, part.points, amount_fen, part.credit, part.clauses, evidence, part.by_analogy)


STEPS: Final[Mapping[str, Step]] = {
    "A-1.N1": key_share,
    "A-2.6": incorrect_listing,
    "A-2.7": lapsed_listing,
    "A-2.16": unreachable_owner,
    "A-2.17": teams_listing,
    "A-2.5": first_recorder,
    "A-2.4": several_closers,
    "A-1.N2": senior_for_newcomer,
    "A-1.N3": departed,
    "A-R1": private_dealing,
    "B-1-3-3": nobodys_part,
    "B-1-3-4": departed_worker,
    "B-1-3-8": departed_agent,
    "B-1-3-7": agent_on_leave,
    "B-1-3-5": agent_idle,
    "B-1-3-6": inaccurate_listing,
    "B-1-4-1": not_in_the_system,
    "B-1-4-2": entered_after_closing,
    "B-1-4-3": private_closing,
}
"""The clauses that move the points that a table gave. Which of them apply, and in which order, is the pack's."""
