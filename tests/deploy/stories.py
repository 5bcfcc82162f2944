"""What the tests of the case player share: the visible cases, and stories of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.cases.reading import Case, read

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))
SPINE = ("A01", "A03", "A04", "A10", "A13", "A18", "A19", "A24", "A27", "A33", "A37", "A38", "A47", "A57")

PEOPLE = """
  R: {store: S1, team: G1}
  E: {store: S2, team: G2}
  C: {store: S2, team: G2}
  SM2: {store: S2, role: store_manager}
  HQ: {store: S1, role: general_manager}
"""
ENTER = (
    "{at: 2024-03-01 10:00, by: R, do: listing.enter, as: L1, kind: sale, acquired_at: 2024-03-01 10:00, community: Harbour Court, "
    'building: "3", unit: "2", room: "0302", owner_phone: "13900000001", bedrooms: 2, floor: 3, area_m2: 89.5, orientation: south, '
    "title_certificate: true, decoration: plain}"
)
CLIENT = (
    "{at: 2024-03-03 09:00, by: E, do: client.enter, as: C1, kind: buy, acquired_at: 2024-03-03 08:40, name: Client One, "
    'phone: "13700000001", floor: any, area: 80-100, orientation: south, price: 2000000-2500000, needs: none}'
)
FOLLOW_UP = '{at: 2024-03-06 09:00, by: R, do: listing.follow_up, listing: L1, channel: phone, text: "Owner glad to show on weekends"}'
REPORT = "{at: 2024-03-08 16:00, by: C, do: deal.report, as: D1, listing: L1, client: C1, closers: [C], fees: {agency: 3000000}}"
SETTLE = "{at: 2024-03-09 10:00, by: SM2, do: deal.settle, deal: D1}"
SALE = (ENTER, CLIENT, FOLLOW_UP, REPORT, SETTLE)

Tell = Callable[..., Case]


def teller(folder: Path) -> Tell:
    """Writes a case of these steps into a folder and reads it."""

    def tell(*steps: str, pack: str = "A", expect: str = "{}", people: str = PEOPLE) -> Case:
        file = folder / "told.yaml"
        story = "\n".join(f"  - {step}" for step in steps)
        file.write_text(f"id: T1\npack: {pack}\npeople: {people.rstrip()}\nstory:\n{story}\nexpect: {expect}\n", encoding="utf-8")
        return read(file)

    return tell
