"""What there is to note on a deal."""

from collections.abc import Sequence

from services.commission.rules.counting import exclusives_valid, key_needs_declaring
from services.commission.rules.facts import Facts
from services.commission.rules.parts import Line
from shared.regulation import Pack


def notes(facts: Facts, pack: Pack, lines: Sequence[Line]) -> tuple[str, ...]:
    """What there is to note on a deal, in the order of the codes."""
    noted = {
        "exclusive_on_rental": exclusive_on_rental(facts, pack),
        "undeclared_key": undeclared_key(facts, pack),
        "undeclared_exclusive": undeclared_exclusive(facts, pack),
        "by_analogy": any(line.by_analogy for line in lines),
        "bank_rebate": facts.fees_fen.get("bank_rebate", 0) > 0,
        "unauthorised_signature": facts.signature.status == "unauthorised",
    }
    return tuple([code for code, holds in noted.items() if holds])


def exclusive_on_rental(facts: Facts, pack: Pack) -> bool:
    """A-1.2.2: a valid exclusive on a rental changes nothing, and the split says so."""
    return facts.kind == "rental" and pack.has("A-1.2.2") and bool(exclusives_valid(facts))


def undeclared_key(facts: Facts, pack: Pack) -> bool:
    """A-1.N5: a key is held that no follow-up declared."""
    listing = facts.listing_at_closing
    held = listing.keys if listing is not None else ()
    return pack.has("A-1.N1") and key_needs_declaring(pack) and any(key.declared_by is None for key in held)


def undeclared_exclusive(facts: Facts, pack: Pack) -> bool:
    """A-1.N5: a valid exclusive on a sale was not declared by a follow-up."""
    asked = facts.kind == "sale" and pack.has("A-1.2.2") and pack.has("A-1.N5")
    return asked and any(each.declared_by is None for each in exclusives_valid(facts))
