"""What the client service has to say. The unions that the codec names are its contract with everyone else."""

from services.client.events.client import (
    Channel,
    Claimed,
    DealFell,
    DealStands,
    Entered,
    Event,
    FollowedUp,
    HolderLeft,
    Kind,
    Lapsed,
    Reassigned,
    Rescheduled,
    SeniorNamed,
    Stands,
    TermEnding,
    Viewed,
    ViolationFound,
    Wish,
)
from shared.entry import Codec

__all__ = [
    "CODEC",
    "Channel",
    "Claimed",
    "DealFell",
    "DealStands",
    "Entered",
    "Event",
    "FollowedUp",
    "HolderLeft",
    "Kind",
    "Lapsed",
    "Reassigned",
    "Rescheduled",
    "SeniorNamed",
    "Stands",
    "TermEnding",
    "Viewed",
    "ViolationFound",
    "Wish",
]

CODEC = Codec("client", client=("cli", Event))
