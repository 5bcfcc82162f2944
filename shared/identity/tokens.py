"""Tokens that prove who is calling, and the keys that they are signed with."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.entry import id_of, new_id

ISSUER: Final = "fenyong"
AUDIENCE: Final = "fenyong"
ALGORITHM: Final = "Ed25519"
TOKEN_CHARS_MAX: Final = 2048
EARLY_S: Final = 5  # a token is valid from a little before it was minted, for machines whose clocks differ


class Unauthenticated(Exception):
    """The token does not prove who is calling. Carries no reason: whoever forges learns nothing from the answer."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says. `sub` is a person's id or `hq`; `position` is authz's position when it was minted, to be heard first."""

    iss: str
    aud: str
    sub: str
    iat: int
    nbf: int
    exp: int
    jti: str
    tenant: str | None = None
    position: int = 0


def make_keys(folder: Path) -> None:
    """Makes the signing key, its public set and the services' shared secret where they are missing. Any number of processes may do so
    at once: the first one's stand. The private ones are readable by their owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(folder / "internal", secrets.token_hex(32))
    key = OKPKey.generate_key(ALGORITHM, {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})
    _write_once(folder / "signing.json", json.dumps(key.as_dict(private=True)))
    signing = OKPKey.import_key(json.loads((folder / "signing.json").read_text()))
    _write_once(folder / "public.json", json.dumps({"keys": [signing.as_dict(private=False)]}), mode=0o644)


def _write_once(path: Path, text: str, mode: int = 0o600) -> None:
    """Whole or not at all, and never over what is there: written aside, then linked into place."""
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first, and its key is as good
    finally:
        aside.unlink()


class Keys:
    """The keys in a folder, read when first needed; the public set is read again when a token names a key it lacks and the file changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._public: dict[str, OKPKey] = {}
        self._public_as_of_ns = -1
        self._internal: str | None = None
        self._verified: dict[str, Claims] = {}

    @property
    def there(self) -> bool:
        """Whether tokens can be verified and the services know each other."""
        return (self._folder / "public.json").exists() and (self._folder / "internal").exists()

    @property
    def internal(self) -> str:
        """The secret with which the services call each other, and from which cursors are signed."""
        if self._internal is None:
            self._internal = (self._folder / "internal").read_text().strip()
            assert len(self._internal) >= 32, "the services' shared secret is too short to be one that we made"
        return self._internal

    def is_internal(self, authorization: str | None) -> bool:
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {self.internal}".encode())

    def mint(self, *, sub: str, tenant: UUID | None, now_s: int, lives_s: int, position: int = 0) -> str:
        """A token for a person (authz only: needs the private key). `now_s` and `lives_s` in seconds of the wall clock."""
        key = OKPKey.import_key(json.loads((self._folder / "signing.json").read_text()))
        claims = Claims(
            iss=ISSUER, aud=AUDIENCE, sub=sub, iat=now_s, nbf=now_s - EARLY_S, exp=now_s + lives_s, jti=new_id("tok"),
            tenant=None if tenant is None else id_of("cmp", tenant), position=position,
        )  # fmt: skip
        header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": "JWT"}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, algorithms=[ALGORITHM])

    def verify(self, token: str, *, now_s: int) -> Claims:
        """What the token says, or Unauthenticated: forged, another algorithm, an unknown key, a header of its own (`jku`), another
        issuer or audience, expired (the second of `exp` no longer counts) or not yet valid."""
        claims = self._verified.get(token) or self._proven(token)
        if not (claims.iss == ISSUER and claims.aud == AUDIENCE and claims.nbf <= now_s < claims.exp):
            raise Unauthenticated
        if len(self._verified) >= 4096:
            self._verified.clear()
        self._verified[token] = claims
        return claims

    def _proven(self, token: str) -> Claims:
        if len(token) > TOKEN_CHARS_MAX:
            raise Unauthenticated
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            if header.keys() - {"alg", "kid", "typ"} or header.get("alg") != ALGORITHM:
                raise Unauthenticated
            key = self._public_key(str(header.get("kid")))
            signed = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
            return msgspec.json.decode(signed.payload, type=Claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated from error

    def _public_key(self, kid: str) -> OKPKey:
        if kid not in self._public:
            path = self._folder / "public.json"
            changed_ns = path.stat().st_mtime_ns if path.exists() else -1
            if changed_ns != self._public_as_of_ns:
                keys = [OKPKey.import_key(key) for key in json.loads(path.read_text())["keys"]]
                self._public, self._public_as_of_ns = {str(key.kid): key for key in keys}, changed_ns
        return self._public[kid]
