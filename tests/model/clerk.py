"""The clerk: works out one deal from the clauses alone. Imports nothing of the product, and has its own copy of the numbers.

A deal comes as a plain dict (see `telling`). What goes out: `base` in fen, `lines` in their order, `notes`, `violations`, and
`spoken`: what came into play, so that a run can tell whether it met every clause.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Deal = dict[str, Any]
Row = dict[str, Any]

# Pack A.
A_RENTAL = {"listing": 30, "closing": 60, "client": 10}
A_SALE = {"listing": 30, "closing": 60, "client": 10}
A_EXCLUSIVE = {"listing": 10, "exclusive": 40, "closing": 40, "client": 10}
A_KEY_FROM_EACH_SIDE = 10
A_RECORDER_KEEPS = 10
A_FEES = ["agency", "information", "bank_rebate"]

# Pack B.
B_TABLE = {"listing": 10, "survey": 5, "plan": 5, "key": 10, "closing": 60, "client": 10}
B_FEES = ["agency"]
B_INDOOR_PHOTOS = 4
B_INDOOR_PHOTOS_WITH_AGENT = 1
B_OUTDOOR_PHOTOS = 1
B_LEAVE_FROM_DAYS = 4
B_LEAVE_TO_DAYS = 15
B_IDLE_DAYS_SALE = 15
B_IDLE_DAYS_RENTAL = 7
B_INACCURATE_RENTAL = Fraction(10, 100)
B_FINE_CLOSER = 100_00
B_FINE_STORE_MANAGER = 200_00
B_FINE_AREA_MANAGER = 300_00

ORDER = ["listing", "listing_recorder", "listing_holder", "exclusive", "survey", "plan", "key", "closing", "client", "company"]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def work_out(deal: Deal, regulation: str) -> dict[str, Any]:
    """The whole answer under regulation `A` or `B`."""
    spoken: list[str] = []
    if regulation == "A":
        base = fees(deal, A_FEES)
        rows, notes, violations = allocation(deal, spoken)
    else:
        base = fees(deal, B_FEES)
        rows, notes, violations = listing_management(deal, spoken)
    if deal["fees"].get("bank_rebate", 0) > 0:
        notes.append("bank_rebate")
    if deal["signature"] == "unauthorised":
        notes.append("unauthorised_signature")
    rows = [row for role in ORDER for row in rows if row["role"] == role]
    share_out(base, rows)
    for note in notes:
        spoken.append(note)
    return {"base": base, "lines": rows, "notes": notes, "violations": violations, "spoken": spoken}


# A. The allocation regulation.


def allocation(deal: Deal, spoken: list[str]) -> tuple[list[Row], list[str], list[Row]]:
    listing = deal["listing"]
    notes: list[str] = []
    # Small print, Correctness: not in the system at closing, or entered after it and not signed off.
    there = listing is not None and listing["entered"] != "late"

    # .N5: of the exclusives that are valid at closing and declared, the one signed later.
    exclusive = None
    undeclared_exclusive = False
    valid_exclusive = False
    if there:
        for one in listing["exclusives"]:
            if day(deal["closed_at"]) > one["until"]:
                spoken.append("A-1.2.2 expired")
                continue
            valid_exclusive = True
            if one["declared"]:
                exclusive = one
            else:
                undeclared_exclusive = True

    # A-1.N1, A-1.N5: who took a key last, of those not given back that a follow-up declared.
    key = None
    undeclared_key = False
    if there:
        for one in listing["keys"]:
            if one["declared"]:
                key = one
            else:
                undeclared_key = True

    #
    if deal["kind"] == "rental":
        spoken.append("A-1.1")
        sides = dict(A_RENTAL)
        if valid_exclusive:
            notes.append("exclusive_on_rental")
    elif exclusive is not None:
        spoken.append("A-1.2.2")
        sides = dict(A_EXCLUSIVE)
    else:
        spoken.append("A-1.2.1")
        sides = dict(A_SALE)
    if undeclared_key:
        notes.append("undeclared_key")
    if undeclared_exclusive and deal["kind"] == "sale":
        notes.append("undeclared_exclusive")

    rows: list[Row] = []
    # A-1.N1: ten of the whole from the listing side and ten from the closing side; a side never goes below nought.
    if key is not None:
        spoken.append("A-1.N1")
        if "exclusive" in sides:
            spoken.append("A-1.N1 under an exclusive")
        from_listing = min(A_KEY_FROM_EACH_SIDE, sides["listing"])
        from_closing = min(A_KEY_FROM_EACH_SIDE, sides["closing"])
        sides["listing"] -= from_listing
        sides["closing"] -= from_closing
        rows.append(row("key", key["by"], from_listing + from_closing, store(deal, key["by"]), ["A-1.N1"]))
        shrunk = ["A-1.N1"]
    else:
        shrunk = []
    if "exclusive" in sides:
        assert exclusive is not None
        rows.append(row("exclusive", exclusive["by"], sides["exclusive"], store(deal, exclusive["by"]), []))

    # The listing side.
    if not there:
        spoken.append("A-2.6 not in the system" if listing is None else "A-2.6 late")
        rows.append(row("listing", "company", sides["listing"], "company", [*shrunk, "A-2.6"]))
    elif not listing["correct"]:
        spoken.append("A-2.6 incorrect")
        rows.append(row("listing", "company", sides["listing"], "company", [*shrunk, "A-2.6"]))
    else:
        if listing["entered"] == "late_signed_off":
            spoken.append("late listing signed off")
        lapsed = False
        for move in listing["moves"]:
            if move["clause"] is not None:
                lapsed = True
        if listing["holder"] == listing["recorder"] and not lapsed:
            rows.append(row("listing", listing["recorder"], sides["listing"], store(deal, listing["recorder"]), [*shrunk]))
            if listing["moves"]:
                spoken.append("got back by reassignment")
        else:
            #
            keeps = min(A_RECORDER_KEEPS, sides["listing"])
            rest = sides["listing"] - keeps
            rows.append(row("listing_recorder", listing["recorder"], keeps, store(deal, listing["recorder"]), [*shrunk]))
            rows.append(row("listing_holder", listing["holder"], rest, store(deal, listing["holder"]), [*shrunk]))
            spoken.append("divided")
            if key is not None:
                spoken.append("divided with a key")
            if "exclusive" in sides:
                spoken.append("divided under an exclusive")
            if listing["holder"] == listing["recorder"]:
                spoken.append("claimed back")
            elif listing["holder"] == "company":
                spoken.append("A-2.15 on the company's account")
            elif listing["holder"].startswith("team:"):
                spoken.append("A-2.17")
            elif lapsed:
                spoken.append("lapsed, held by another")
            else:
                spoken.append("reassigned")

    rows += closing_side(deal, Fraction(sides["closing"]), shrunk, spoken)
    rows += client_side(deal, sides["client"], spoken)

    # A-1.N3, for every role; for roles other than the recorder's the line says so.
    for one in rows:
        if is_person(one["to"]) and not deal["people"][one["to"]]["in_post"]:
            one["to"] = "company"
            one["credit"] = "company"
            one["moved_by"].append("A-1.N3")
            spoken.append("A-1.N3 " + one["role"])
            if one["role"] not in ("listing", "listing_recorder", "client"):
                one["by_analogy"] = True
                if "by_analogy" not in notes:
                    notes.append("by_analogy")

    forfeit(deal, rows, spoken, "A-R1")
    return rows, notes, []


# B. Listing management.


def listing_management(deal: Deal, spoken: list[str]) -> tuple[list[Row], list[str], list[Row]]:
    listing = deal["listing"]
    closers = deal["closers"]
    closing_store = store(deal, closers[0])

    # B-1-4-1
    if listing is None:
        spoken.append("B-1-4-1")
        return [row("company", "company", 100, "company", ["B-1-4-1"])], [], []
    # B-1-4-2
    if listing["entered"] == "late":
        spoken.append("B-1-4-2")
        found = []
        for person in closers:
            found.append(fined(person, B_FINE_CLOSER))
        for person in deal["store_managers"]:
            found.append(fined(person, B_FINE_STORE_MANAGER))
        for person in deal["area_managers"]:
            found.append(fined(person, B_FINE_AREA_MANAGER))
        return [row("company", "company", 100, "company", ["B-1-4-1", "B-1-4-2"])], [], found

    agent = listing["holder"]
    if agent.startswith("team:"):
        spoken.append("a team is the listing agent")
    elif agent == "company":
        spoken.append("the company is the listing agent")
    elif agent != listing["recorder"]:
        spoken.append("the listing agent is not the recorder")

    # B-1-3, B-1-3-1, B-1-3-2: who earned each part. The first survey and plan that count; the key taken last.
    surveyor = None
    for one in listing["surveys"]:
        counts = (
            one["indoor"] >= B_INDOOR_PHOTOS
            and one["indoor_with_agent"] >= B_INDOOR_PHOTOS_WITH_AGENT
            and one["outdoor"] >= B_OUTDOOR_PHOTOS
            and one["watermarked"] == 0
        )
        if not counts:
            spoken.append("B-1-3-1")
        if counts and surveyor is None:
            surveyor = one["by"]
    planner = None
    for one in listing["plans"]:
        counts = one["door"] and one["compass"]
        if not counts:
            spoken.append("B-1-3-2")
        if counts and planner is None:
            planner = one["by"]
    key_holder = None
    for one in listing["keys"]:
        key_holder = one["by"]

    # Each part: a list of rows; `whose` says in which right its beneficiary has it.
    parts: dict[str, list[Row]] = {}
    parts["listing"] = [row("listing", agent, B_TABLE["listing"], store(deal, agent), [], whose="agent")]
    for role, worker in (("survey", surveyor), ("plan", planner), ("key", key_holder)):
        points = Fraction(B_TABLE[role])
        if worker is None:
            spoken.append("B-1-3-3 " + role)
            parts[role] = [row(role, agent, points, closing_store, ["B-1-3-3"], whose="agent")]
        elif not deal["people"][worker]["in_post"]:
            spoken.append("B-1-3-4 " + role)
            parts[role] = to_closers(deal, role, points, ["B-1-3-4"])
        elif worker == agent:
            spoken.append("own work")
            parts[role] = [row(role, worker, points, store(deal, worker), [], whose="own work")]
        else:
            parts[role] = [row(role, worker, points, store(deal, worker), [], whose="worker")]

    # B-1-3-8, B-1-3-7, B-1-3-5: who gets what the listing agent would get, own work left out.
    if is_person(agent) and not deal["people"][agent]["in_post"]:
        spoken.append("B-1-3-8")
        agents_parts_to_closers(deal, parts, "B-1-3-8")
    else:
        leave = leave_at_closing(deal, agent)
        length = 0 if leave is None else (leave["last"] - leave["first"]).days + 1
        if leave is not None and length < B_LEAVE_FROM_DAYS:
            spoken.append("B-1-3-7 too short")
        if leave is not None and length > B_LEAVE_TO_DAYS:
            spoken.append("B-1-3-7 too long")
            agents_parts_to_closers(deal, parts, "B-1-3-7")
        elif leave is not None and length >= B_LEAVE_FROM_DAYS and leave["maintainer"] is None:
            spoken.append("B-1-3-7 without a maintainer")
            agents_parts_to_closers(deal, parts, "B-1-3-7")
        elif leave is not None and length >= B_LEAVE_FROM_DAYS:
            kept_up = False
            for one in listing["follow_ups"]:
                if one["by"] == leave["maintainer"] and midnight(leave["first"]) <= one["at"] < midnight(leave["last"], 1):
                    kept_up = True
            if kept_up:
                spoken.append("B-1-3-7 kept up")
                if not deal["people"][leave["maintainer"]]["in_post"]:
                    spoken.append("B-1-3-7 the maintainer has left")
                # Credit stays: the listing agent's store's, of what B-1-3-3 took over the closing store's.
                for rows in parts.values():
                    for one in rows:
                        if one["whose"] == "agent":
                            one["to"] = leave["maintainer"]
                            one["moved_by"].append("B-1-3-7")
                            one["whose"] = "maintainer"
            else:
                spoken.append("B-1-3-7 not kept up")
                agents_parts_to_closers(deal, parts, "B-1-3-7")
        else:
            days = B_IDLE_DAYS_SALE if deal["kind"] == "sale" else B_IDLE_DAYS_RENTAL
            since = midnight(day(deal["closed_at"]), -days)
            followed_up = False
            # Signed off: taken as if entered in time, and the entry of a listing counts as a follow-up.
            if listing["entered"] == "late_signed_off":
                spoken.append("late listing signed off")
                followed_up = True
            for one in listing["follow_ups"]:
                if agent == "company":
                    is_agents = True
                elif agent.startswith("team:"):
                    is_agents = one["team"] is not None and agent == "team:" + one["team"]
                else:
                    is_agents = one["by"] == agent
                if is_agents and since <= one["at"] <= deal["closed_at"]:
                    followed_up = True
            if not followed_up:
                spoken.append("B-1-3-5 " + deal["kind"])
                agents_parts_to_closers(deal, parts, "B-1-3-5")

    # B-1-3-6
    if listing["core_refuted"] or listing["phone_refuted"]:
        spoken.append("B-1-3-6 " + deal["kind"])
        if deal["kind"] == "sale":
            for role, rows in parts.items():
                if rows[0]["whose"] != "closer":
                    parts[role] = to_closers(deal, role, rows[0]["points"], [*rows[0]["moved_by"], "B-1-3-6"])
        else:
            # The source takes the tenth out of the listing commission (房源分成扣除10%), which B-1-3-7 may have given to the maintainer.
            for role, rows in parts.items():
                for one in list(rows):
                    if one["whose"] in ("agent", "own work", "maintainer"):
                        spoken.append("B-1-3-6 rental, of the " + one["whose"])
                        tenth = one["points"] * B_INACCURATE_RENTAL
                        one["points"] -= tenth
                        one["moved_by"].append("B-1-3-6")
                        rows += to_closers(deal, role, tenth, one["moved_by"])

    rows = [one for role in ("listing", "survey", "plan", "key") for one in parts[role]]
    rows += closing_side(deal, Fraction(B_TABLE["closing"]), [], spoken)

    # A-1.N3 with B: the client side alone.
    client = client_side(deal, B_TABLE["client"], spoken)
    for one in client:
        if not deal["people"][one["to"]]["in_post"]:
            one["to"] = "company"
            one["credit"] = "company"
            one["moved_by"].append("A-1.N3")
            spoken.append("A-1.N3 client")
    rows += client
    for person in closers:
        if not deal["people"][person]["in_post"]:
            spoken.append("a closer who has left")

    forfeit(deal, rows, spoken, "B-1-4-3")
    return rows, [], []


def agents_parts_to_closers(deal: Deal, parts: dict[str, list[Row]], clause: str) -> None:
    """Whatever the listing agent would get goes to the closers, credit to the closing store."""
    for role, rows in parts.items():
        kept = []
        for one in rows:
            if one["whose"] == "agent":
                kept += to_closers(deal, role, one["points"], [*one["moved_by"], clause])
            else:
                kept.append(one)
        parts[role] = kept


def to_closers(deal: Deal, role: str, points: Fraction, moved_by: list[str]) -> list[Row]:
    """A part for several closers is shared equally, one line each, in the order named; credit: the closing store."""
    closing_store = store(deal, deal["closers"][0])
    share = points / len(deal["closers"])
    return [row(role, closer, share, closing_store, [*moved_by], whose="closer") for closer in deal["closers"]]


def leave_at_closing(deal: Deal, agent: str) -> Row | None:
    """The leave that the listing agent is on at closing; of several the one granted last, a short one only if there is no other."""
    found = too_short = None
    for leave in deal["leaves"]:
        if leave["person"] == agent and leave["first"] <= day(deal["closed_at"]) <= leave["last"]:
            if (leave["last"] - leave["first"]).days + 1 < B_LEAVE_FROM_DAYS:
                too_short = leave
            else:
                found = leave
    return found or too_short


def fined(person: str, fine: int) -> Row:
    return {"kind": "hoarding", "clause": "B-1-4-2", "person": person, "fine": fine}


# What both regulations share.


def closing_side(deal: Deal, points: Fraction, moved_by: list[str], spoken: list[str]) -> list[Row]:
    """A-2.4, A-1.N2: equal parts; a newcomer's own part is halved with the senior named on the client, the senior first."""
    rows = []
    closers = deal["closers"]
    senior = deal["client"]["senior"]
    if len(closers) > 1:
        spoken.append("A-2.4")
    for closer in closers:
        part = points / len(closers)
        if deal["people"][closer]["newcomer"] and senior is not None and senior != closer:
            spoken.append("A-1.N2")
            if senior in closers:
                spoken.append("A-1.N2 the senior closes too")
            if not deal["people"][senior]["in_post"]:
                spoken.append("A-1.N2 the senior has left")
            rows.append(row("closing", senior, part / 2, store(deal, senior), [*moved_by, "A-1.N2"]))
            rows.append(row("closing", closer, part / 2, store(deal, closer), [*moved_by, "A-1.N2"]))
        else:
            rows.append(row("closing", closer, part, store(deal, closer), [*moved_by]))
    return rows


def client_side(deal: Deal, points: int, spoken: list[str]) -> list[Row]:
    """A-2.5: to the first recorder of that person."""
    recorder = deal["client"]["first_recorder"]
    moved_by = []
    if deal["client"]["is_duplicate"]:
        spoken.append("A-2.5")
        moved_by.append("A-2.5")
    return [row("client", recorder, points, store(deal, recorder), moved_by)]


def forfeit(deal: Deal, rows: list[Row], spoken: list[str], clause: str) -> None:
    """A-R1: the lines of who dealt privately go to the company."""
    for one in rows:
        if one["to"] in deal["private_dealers"]:
            one["to"] = "company"
            one["credit"] = "company"
            one["moved_by"].append(clause)
            spoken.append(clause)


def fees(deal: Deal, counted: list[str]) -> int:
    """A-1.N6, B-1-1: the base in fen."""
    total = 0
    for name in counted:
        total += deal["fees"].get(name, 0)
    return total


def share_out(base: int, rows: list[Row]) -> None:
    """Each line floored; the left-over fen one each to the largest remainders, ties in the order of lines."""
    assert sum(one["points"] for one in rows) == 100, rows
    remainders = []
    for number, one in enumerate(rows):
        exact = base * one["points"] / 100
        one["amount"] = exact.numerator // exact.denominator
        remainders.append((-(exact - one["amount"]), number))
    left_over = base - sum(one["amount"] for one in rows)
    for _, number in sorted(remainders)[:left_over]:
        rows[number]["amount"] += 1


def row(role: str, to: str, points: Fraction | int, credit: str, moved_by: list[str], whose: str = "") -> Row:
    """A line in the making. `moved_by`: the clauses that moved points into it, out of it or to whom it goes."""
    return {
        "role": role, "to": to, "points": Fraction(points), "credit": credit, "by_analogy": False, "moved_by": moved_by, "whose": whose,
    }  # fmt: skip


def store(deal: Deal, holder: str) -> str:
    """Store credit: the beneficiary's store at closing; the team's; `company` for the company and who has no store."""
    if holder == "company":
        return "company"
    if holder.startswith("team:"):
        return str(deal["teams"][holder.removeprefix("team:")])
    return deal["people"][holder]["store"] or "company"


def is_person(holder: str) -> bool:
    return holder != "company" and not holder.startswith("team:")


def day(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def midnight(on: date, more_days: int = 0) -> datetime:
    """0:00 in Shanghai of a day, or of one so many days later."""
    return datetime(on.year, on.month, on.day, tzinfo=SHANGHAI) + timedelta(days=more_days)
