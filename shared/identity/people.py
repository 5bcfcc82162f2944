"""Who is calling, and what their post is."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec

from shared.entry import id_of

Role = Literal[
    "agent", "store_manager", "area_manager", "director", "general_manager", "legal_representative", "legal", "finance", "personnel",
    "service_manager", "auditor", "administrator", "hq",
]  # fmt: skip

LINE: Final[tuple[Role, ...]] = ("agent", "store_manager", "area_manager", "director", "general_manager")
BESIDE: Final[frozenset[Role]] = frozenset(
    ("legal_representative", "legal", "finance", "personnel", "service_manager", "auditor", "administrator", "hq")
)
NO_COMPANY: Final = UUID(int=0)
"""The tenant of a head-office caller who has not chosen a company."""


class Post(msgspec.Struct, frozen=True):
    """Where somebody stands in the company. After leaving, store, team and area are the last ones and `in_post` is false."""

    person: str
    store: str | None = None
    team: str | None = None
    area: str | None = None
    role: Role = "agent"
    newcomer: bool = False
    in_post: bool = True
    contact: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who sent this request, in which company, and their post as this service has heard it."""

    person: str
    tenant: UUID
    post: Post

    @property
    def company(self) -> str:
        return id_of("cmp", self.tenant)


HEAD_OFFICE: Final = Caller(person="hq", tenant=NO_COMPANY, post=Post(person="hq", role="hq"))
"""The franchise's head office: founds companies, joins their first person, activates packs. `at_company` puts it in one."""


def at_company(tenant: UUID) -> Caller:
    return msgspec.structs.replace(HEAD_OFFICE, tenant=tenant)
