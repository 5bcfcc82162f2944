"""The contact vault: phones and names, which stand nowhere else. It gives a reference that is equal for equal numbers in a company.

A card is encrypted with a key of its own (AES-256-GCM), which is kept wrapped by the vault's key: to forget a person is to destroy
that one row's key. A number is found again by a keyed digest. Runs behind a database role that no other part of authz has.
"""

import hmac
import os
import secrets
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import phonenumbers
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from shared.entry import id_of, new_id, uuid_of

NONCE_BYTES = 12


class Card(Struct, frozen=True):
    phone: str
    name: str | None = None


def normalised_phone(text: str) -> str:
    """A-2.5, A-2.13: one way to write a number: E.164; blanks, +86 and full-width digits make no difference. ValueError: no phone."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("no phone") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("no phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Vault:
    """Gives references for contacts. `key` is the vault's own secret, 32 bytes; whoever lacks it can read no card and find no number."""

    def __init__(self, pool: "asyncpg.Pool[Any]", key: bytes) -> None:
        assert len(key) == 32, "the vault's key has 32 bytes"
        self._pool = pool
        self._wrapping = AESGCM(hmac.digest(key, b"wrapping", sha256))
        self._finding = hmac.digest(key, b"finding", sha256)

    async def contact(self, tenant: UUID, phone: str, name: str | None) -> str:
        """The reference of this number in this company, a new one if it was never given. ValueError: no phone."""
        card = Card(normalised_phone(phone), name)
        digest = hmac.digest(self._finding, tenant.bytes + card.phone.encode(), sha256)
        own = AESGCM.generate_key(256)
        contact = uuid_of(new_id("cnt"))
        await self._pool.execute(
            "insert into vault.contacts (tenant, digest, contact, key, card) values ($1, $2, $3, $4, $5) on conflict do nothing",
            tenant,
            digest,
            contact,
            _sealed(self._wrapping, own, contact.bytes),
            _sealed(AESGCM(own), msgspec.json.encode(card), contact.bytes),
        )
        kept = await self._pool.fetchval("select contact from vault.contacts where tenant = $1 and digest = $2", tenant, digest)
        return id_of("cnt", kept)

    async def card(self, tenant: UUID, contact: str) -> Card | None:
        """What a reference stands for; None if nothing does, or if it has been forgotten."""
        row = await self._pool.fetchrow("select key, card from vault.contacts where tenant = $1 and contact = $2", tenant, uuid_of(contact))
        if row is None or not row["key"]:
            return None
        bound = uuid_of(contact).bytes
        return msgspec.json.decode(_opened(AESGCM(_opened(self._wrapping, row["key"], bound)), row["card"], bound), type=Card)


def _sealed(cipher: AESGCM, text: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, text, bound)


def _opened(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)


def vault_key(folder: Path) -> bytes:
    """The vault's key, made at first use and kept beside the other keys, readable by its owner only."""
    path = folder / "vault"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return bytes.fromhex(path.read_text())
