"""Logging: one JSON object a line on standard output; tokens and keys never appear in it."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.domain.redaction import HIDDEN, shapes_hidden

SECRET_NAMES = re.compile(r"token|secret|password|authorization|response_url", re.IGNORECASE)


def redacted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: hides what looks like a secret, and what is called one."""
    return {name: HIDDEN if SECRET_NAMES.search(name) else _hidden(value) for name, value in event.items()}


def _hidden(value: Any) -> Any:
    match value:
        case str():
            return shapes_hidden(value)
        case dict():
            return {name: _hidden(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_hidden(inner) for inner in value]
        case _:
            return value


def set_up() -> None:
    """Ours and the libraries' lines in one shape. Libraries that log whole bodies at DEBUG are kept from it."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redacted,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("kubernetes_asyncio", "slack_sdk", "slack_bolt", "aiohttp", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
