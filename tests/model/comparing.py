"""Sets the clerk's answer beside the product's, and tells a difference as facts that a person can read."""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from services.commission import rules
from services.commission.rules import Facts, Listing
from shared.regulation import SHIPPED, Pack, load
from tests.model import clerk, deals
from tests.model.telling import Answer, answer_of_clerk, answer_of_product, told

PACKS: Final = {name: load(SHIPPED / f"{name}.yaml") for name in ("A", "B")}


class Difference(msgspec.Struct, frozen=True):
    """One deal with both answers; as a difference, cut down to what makes them disagree."""

    seed: int
    number: int
    regulation: str
    facts: Facts
    clerk: Answer
    product: Answer


def compare(seed: int, number: int) -> tuple[list[Difference], Counter[str]]:
    """One invented deal under both regulations: where the answers differ, and what came into play."""
    facts = deals.deal(seed, number)
    found = []
    spoken: Counter[str] = Counter()
    for regulation, pack in PACKS.items():
        worked_out = clerk.work_out(told(facts), regulation)
        spoken.update({f"{regulation}: {what}" for what in worked_out["spoken"]})
        if answer_of_clerk(worked_out) != product_answer(facts, pack):
            found.append(_smallest(seed, number, regulation, facts))
    return found, spoken


def comparison(seed: int, number: int, regulation: str) -> Difference:
    """One invented deal whole, with both answers, whether they agree or not."""
    facts = deals.deal(seed, number)
    return Difference(seed, number, regulation, facts, *_answers(facts, regulation))


def product_answer(facts: Facts, pack: Pack) -> Answer:
    """What the product says; if it fails, that is its answer."""
    try:
        return answer_of_product(rules.split(facts, pack))
    except Exception as failure:
        return {"base": [], "lines": [f"failed: {failure!r}"], "notes": [], "violations": []}


def _answers(facts: Facts, regulation: str) -> tuple[Answer, Answer]:
    return answer_of_clerk(clerk.work_out(told(facts), regulation)), product_answer(facts, PACKS[regulation])


def _smallest(seed: int, number: int, regulation: str, facts: Facts) -> Difference:
    """Leaves out of the facts whatever can be left out while the answers still differ."""
    smaller: Facts | None = facts
    while smaller is not None:
        facts = smaller
        smaller = next((one for one in _simpler(facts) if len(set(map(str, _answers(one, regulation)))) == 2), None)
    by_clerk, by_product = _answers(facts, regulation)
    named = {name for name in facts.people if name in str(rules.document_of(replace(facts, people={})))}
    facts = replace(facts, people={name: facts.people[name] for name in facts.people if name in named})
    return Difference(seed, number, regulation, facts, by_clerk, by_product)


def _simpler(facts: Facts) -> Iterator[Facts]:
    """The same deal with one thing less."""
    for name in ("viewings", "leaves", "store_managers", "area_managers", "findings"):
        for fewer in _one_less(getattr(facts, name)):
            yield replace(facts, **{name: fewer})
    for fewer in _one_less(facts.closers):
        if fewer:
            yield replace(facts, closers=fewer)
    if facts.client.senior is not None:
        yield replace(facts, client=replace(facts.client, senior=None))
    if facts.fees_fen != {"agency": 10_000}:
        yield replace(facts, fees_fen={"agency": 10_000})
    for name, standing in facts.people.items():
        if standing.newcomer or not standing.in_post:
            yield replace(facts, people={**facts.people, name: replace(standing, newcomer=False, in_post=True)})
    if facts.signature != rules.Signature():
        yield replace(facts, signature=rules.Signature())
    if facts.listing is not None:
        yield from (replace(facts, listing=listing) for listing in _simpler_listings(facts.listing))


def _simpler_listings(listing: Listing) -> Iterator[Listing]:
    for name in ("keys", "exclusives", "surveys", "plans", "follow_ups"):
        for fewer in _one_less(getattr(listing, name)):
            yield replace(listing, **{name: fewer})
    for name in ("core_refuted", "phone_refuted"):
        if getattr(listing, name):
            yield replace(listing, **{name: False}, correct=True)
    if listing.moves:
        moves = listing.moves[:-1]
        yield replace(listing, moves=moves, holder=moves[-1].to if moves else listing.recorder)


def _one_less(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for index in range(len(items)):
        yield items[:index] + items[index + 1 :]


def telling(difference: Difference) -> str:
    """A difference as text: the facts that make it, then both answers line by line."""
    heading = f"Deal {difference.number} of seed {difference.seed} under {difference.regulation}"
    facts = list(_told(rules.document_of(difference.facts)))
    answers = []
    for part in ("base", "lines", "notes", "violations"):
        for by_clerk, by_product in zip_longest(difference.clerk[part], difference.product[part], fillvalue="-"):
            if by_clerk == by_product:
                answers.append(f"            {part}: {by_clerk}")
            else:
                answers += [f"  clerk:    {part}: {by_clerk}", f"  product:  {part}: {by_product}"]
    return "\n".join([heading, *facts, *answers])


def _told(document: Any, depth: int = 1) -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict) and any(isinstance(inner, dict | list) for inner in value.values()):
            yield f"{'  ' * depth}{name}:"
            yield from _told(value, depth + 1)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{'  ' * depth}{name}:"
            yield from (f"{'  ' * depth}- {_short(one)}" for one in value)
        else:
            yield f"{'  ' * depth}{name}: {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_short(inner)}" for name, inner in value.items()) + "}"
    return str(value)
