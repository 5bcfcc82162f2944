"""A listing's state, how events shape it, and what may be decided about it."""

from services.listing.aggregate.attempt import attempted_phone, claims_of_attempt, evolve_attempt
from services.listing.aggregate.concealing import conceal, end_concealment, reveal
from services.listing.aggregate.entering import complete, enter, find_duplicate, refute
from services.listing.aggregate.holding import (
    announce_lapse,
    begin_terms_anew,
    follow_up,
    leave_behind,
    mark,
    reassign,
    reschedule,
    show,
    stop_terms,
)
from services.listing.aggregate.listing import Listing, Said, claims_of, evolve, is_concealed
from services.listing.aggregate.picturing import find_watermark, upload_photo
from services.listing.aggregate.warning import endings, warn
from services.listing.aggregate.working import draw_floor_plan, return_key, sign_exclusive, survey, survey_with, take_key

__all__ = [
    "Listing",
    "Said",
    "announce_lapse",
    "attempted_phone",
    "begin_terms_anew",
    "claims_of",
    "claims_of_attempt",
    "complete",
    "conceal",
    "draw_floor_plan",
    "end_concealment",
    "endings",
    "enter",
    "evolve",
    "evolve_attempt",
    "find_duplicate",
    "find_watermark",
    "follow_up",
    "is_concealed",
    "leave_behind",
    "mark",
    "reassign",
    "refute",
    "reschedule",
    "return_key",
    "reveal",
    "show",
    "sign_exclusive",
    "stop_terms",
    "survey",
    "survey_with",
    "take_key",
    "upload_photo",
    "warn",
]
