"""What a service process is told from outside: environment variables that begin with FENYONG_."""

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`database` is the service's own (its own role), `vault` the same for the vault's role (authz only), `nats` empty means without
    broker, `peers` are the other services' base addresses by name (`unix:/path.sock` or `http://host:port`), `keys` a folder. Durations
    in seconds, limits in bytes. `uploads_max`: so many files one person adds to one matter."""

    model_config = SettingsConfigDict(env_prefix="FENYONG_", frozen=True)

    database: str
    vault: str = ""
    keys: Path
    nats: str = ""
    peers: dict[str, str] = {}
    pull: bool = True
    sweeper: bool = True
    development: bool = False
    replica: str = "1"
    log: Literal["json", "pretty"] = "json"
    evidence_wait_s: float = 10.0
    after_wait_s: float = 10.0
    body_wait_s: float = 10.0
    body_limit_bytes: int = 1_048_576
    header_limit_bytes: int = 32_768
    upload_limit_bytes: int = 10_485_760
    upload_wait_s: float = 60.0
    uploads_max: int = 50
    pool_connections_max: int = 8
    token_lives_s: int = 12 * 3600
