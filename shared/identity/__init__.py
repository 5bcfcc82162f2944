"""Who is calling, what their post is, and the one table of who may do what.

A person proves who they are with a token signed by authz (Ed25519, verified locally, never by an outgoing request). Their post is
not in the token: every service keeps the table `posts` from authz's events, so that a right that was taken away is gone once heard.
"""

from shared.identity.acts import (
    ACTS,
    OPEN,
    Act,
    Reach,
    allow,
    could,
    forbidden,
    may,
)
from shared.identity.people import (
    BESIDE,
    HEAD_OFFICE,
    LINE,
    NO_COMPANY,
    Caller,
    Post,
    Role,
    at_company,
)
from shared.identity.posts import (
    Connection,
    keep_post,
    left_since,
    post_at,
    post_of,
    posts_of,
)
from shared.identity.tokens import (
    ALGORITHM,
    AUDIENCE,
    EARLY_S,
    ISSUER,
    TOKEN_CHARS_MAX,
    Claims,
    Keys,
    Unauthenticated,
    make_keys,
)

__all__ = [
    "ACTS",
    "ALGORITHM",
    "AUDIENCE",
    "BESIDE",
    "EARLY_S",
    "HEAD_OFFICE",
    "ISSUER",
    "LINE",
    "NO_COMPANY",
    "OPEN",
    "TOKEN_CHARS_MAX",
    "Act",
    "Caller",
    "Claims",
    "Connection",
    "Keys",
    "Post",
    "Reach",
    "Role",
    "Unauthenticated",
    "allow",
    "at_company",
    "could",
    "forbidden",
    "keep_post",
    "left_since",
    "make_keys",
    "may",
    "post_at",
    "post_of",
    "posts_of",
]
