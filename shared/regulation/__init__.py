"""A regulation as data: packs, their clauses and readings, which one is in force; and how a rule says no.

A pack is loaded from its document (YAML or JSON), checked whole, and never changed afterwards. Rules ask it
`pack.has("A-2.7")` and read its numbers as `pack["A-2.7"].days`. Nothing in code names a pack.
"""

from shared.regulation.chinese import in_chinese
from shared.regulation.clauses import CLAUSES, READINGS
from shared.regulation.composing import NestedTooDeep, compose
from shared.regulation.force import Activation, begins_to_apply, check_activation, in_force
from shared.regulation.loading import SHIPPED, load, load_shipped, shipped
from shared.regulation.own import COMPANY, CONDITIONS, KEEPS, OWN, PRO_RATA, SOURCES, Combination, Role, combinations, told
from shared.regulation.pack import Clause, Pack
from shared.regulation.parameters import FEES, ROLES
from shared.regulation.refusing import Refused, Violation

__all__ = [
    "CLAUSES",
    "COMPANY",
    "CONDITIONS",
    "FEES",
    "KEEPS",
    "OWN",
    "PRO_RATA",
    "READINGS",
    "ROLES",
    "SHIPPED",
    "SOURCES",
    "Activation",
    "Clause",
    "Combination",
    "NestedTooDeep",
    "Pack",
    "Refused",
    "Role",
    "Violation",
    "begins_to_apply",
    "check_activation",
    "combinations",
    "compose",
    "in_chinese",
    "in_force",
    "load",
    "load_shipped",
    "shipped",
    "told",
]
