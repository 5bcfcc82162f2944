"""The bus: from each service's log to the others, in order, once, whatever happens to NATS.

`Relay` puts a log into a JetStream stream. `Hearing` takes a source's entries in: messages if they follow at once, else the source's feed,
else the stream. `Leases` decide which replica does it. `Watermarks` say up to when a source's log is complete. Postgres is the record
and NATS the doorbell: all of NATS can be lost, and all that is left of it is a delay.
"""

from shared.bus.arrivals import Doorbell, Feed
from shared.bus.checkpoint import Checkpoint, Overtaken, keep_up
from shared.bus.condition import Pauses
from shared.bus.feed import FEED_PATH, FeedAway, HttpFeed, peer_client
from shared.bus.hearing import Driven, Hearing, NotYet, Parked, Unreadable
from shared.bus.lease import Leases
from shared.bus.message import FEED_MEDIA_TYPE, Unbelievable, decode_feed, encode_feed, entry_in, headers_of, stream_of, subject_of
from shared.bus.relay import Relay
from shared.bus.watermark import Watermark, WatermarkPublisher, Watermarks, standing

__all__ = [
    "FEED_MEDIA_TYPE",
    "FEED_PATH",
    "Checkpoint",
    "Doorbell",
    "Driven",
    "Feed",
    "FeedAway",
    "Hearing",
    "HttpFeed",
    "Leases",
    "NotYet",
    "Overtaken",
    "Parked",
    "Pauses",
    "Relay",
    "Unbelievable",
    "Unreadable",
    "Watermark",
    "WatermarkPublisher",
    "Watermarks",
    "decode_feed",
    "encode_feed",
    "entry_in",
    "headers_of",
    "keep_up",
    "peer_client",
    "standing",
    "stream_of",
    "subject_of",
]
