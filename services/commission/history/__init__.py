"""A deal as it stood at closing, folded from everyone's entries. Pure: the same entries and cut give the same facts, for ever.

`terms` reads what a deal, a listing or a client says of itself, `staff` keeps everyone's employment, `dossier` is a deal's evidence and
what of it bears on the deal within a cut, `closing` and `holding` fold that into facts, `judging` splits them, `proving` has the digests.
"""

from services.commission.history.closing import as_it_stood
from services.commission.history.dossier import (
    NO_END,
    Bearing,
    Dossier,
    bearing,
    belongs,
    can_be_judged,
    closing_store_of,
    dossier_of,
    open_cut,
)
from services.commission.history.judging import difference, judged, judged_on, lines_of, nothing_of, splits_of
from services.commission.history.naming import people_named, places_named
from services.commission.history.proving import altered, canonical, digest_of, fingerprint
from services.commission.history.staff import Staff, post_at
from services.commission.history.telling import Told, timeline
from services.commission.history.terms import (
    IMAGINED_CLIENT,
    before_settlement,
    closing_of,
    first_record,
    has_been_correct,
    imagined,
    kind_of,
    missing_of,
    settlement_of,
    terms_of,
)

__all__ = [
    "IMAGINED_CLIENT",
    "NO_END",
    "Bearing",
    "Dossier",
    "Staff",
    "Told",
    "altered",
    "as_it_stood",
    "bearing",
    "before_settlement",
    "belongs",
    "can_be_judged",
    "canonical",
    "closing_of",
    "closing_store_of",
    "difference",
    "digest_of",
    "dossier_of",
    "fingerprint",
    "first_record",
    "has_been_correct",
    "imagined",
    "judged",
    "judged_on",
    "kind_of",
    "lines_of",
    "missing_of",
    "nothing_of",
    "open_cut",
    "people_named",
    "places_named",
    "post_at",
    "settlement_of",
    "splits_of",
    "terms_of",
    "timeline",
]
