"""For whom a transaction makes work: told when it is committed, so that only they look again."""

from collections.abc import Collection
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncConnection

KEY = "octopod_news"


class Line(Enum):
    """Who does saved work: a pump each, and the clock for what is to be looked at later."""

    REQUESTS = "requests"
    ENGINE = "engine"
    SLACK = "slack"
    HOST = "host"
    FINDING = "finding"
    CLOCK = "clock"


News = frozenset[Line]


def tell(connection: AsyncConnection, lines: Collection[Line]) -> None:
    """These have something to do, if this transaction is committed."""
    connection.info.setdefault(KEY, set()).update(lines)


def told(connection: AsyncConnection) -> News:
    """Since it was last asked for."""
    return frozenset(connection.info.pop(KEY, ()))
