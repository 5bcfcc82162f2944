"""Logs: one JSON object a line (or colour on a terminal), with nothing personal in it whoever wrote the line."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog

_HIDDEN: Final = "[hidden]"
_PRIVATE_KEYS: Final = frozenset(
    (
        "name", "phone", "owner_phone", "phones", "identity_number", "token", "authorization", "cookie", "password", "secret",
        "text", "reason", "needs", "body", "input",
    )
)  # fmt: skip
_PRIVATE_TEXT: Final = re.compile(
    r"(?P<kept>(?<![0-9A-Za-z])(?:[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{32}|[0-9a-f]{64})(?![0-9A-Za-z]))"  # our ids, digests
    r"|eyJ[\w-]+\.[\w-]*(?:\.[\w-]*)?"  # a token
    r"|(?i:bearer)\s+\S+"
    r"|(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)"  # a mobile number, also in groups
    r"|(?<!\d)0\d{2,3}-?[2-9]\d{6,7}(?!\d)"  # a number with its area code
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # an identity number
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"  # user and password in an address
)


def without_personal(text: str) -> str:
    """The text with phones, identity numbers and tokens taken out. It cannot know a name: names must not get here at all."""
    return _PRIVATE_TEXT.sub(lambda found: found["kept"] or _HIDDEN, text)


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor that every line passes, ours and the libraries'."""
    for key, value in line.items():
        line[key] = _HIDDEN if key.lower() in _PRIVATE_KEYS else _redacted(value)
    return line


def _redacted(value: object) -> object:
    match value:
        case str():
            return without_personal(value)
        case Mapping():
            return {key: _HIDDEN if str(key).lower() in _PRIVATE_KEYS else _redacted(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return without_personal(str(value))


def traced(error: BaseException) -> list[str]:
    """Where an error came from, outermost cause last: types, places and the first line said, never the values that were there."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and len(lines) < 100:
        seen.add(id(cause))
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}: {_said(cause)}")
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)[-30:]]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines


def _said(error: BaseException) -> str:
    # Validation errors repeat the input, and a database's message may quote a value.
    if type(error).__module__.partition(".")[0] in ("pydantic", "pydantic_core", "fastapi", "msgspec", "asyncpg"):
        return ""
    return without_personal((str(error).splitlines() or [""])[0][:300])


def _error_traced(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = line.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if error is not None:
        line["trace"] = traced(error)
    return line


class _ToStandardError(logging.Handler):
    """To whatever standard error is at that moment: in a test that is not what it was when the service was put together."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def write_logs(form: str, **bound: str) -> None:
    """Sets up structlog and the standard library's logging to write the same lines to standard error. May be called again."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error_traced,
        lambda _logger, _method, line: {**bound, **line},
        redact,
    ]
    last = structlog.dev.ConsoleRenderer() if form == "pretty" else structlog.processors.JSONRenderer(ensure_ascii=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, _ToStandardError)] + [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], True
    # Each request has one line, ours, which says the route and the request id; uvicorn's would say the query too.
    logging.getLogger("uvicorn.access").handlers, logging.getLogger("uvicorn.access").propagate = [], False
    for name in ("httpx2", "httpcore2", "nats", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
