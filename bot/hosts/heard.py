"""What is asked is understood as what is heard: each object in the body of a webhook, by what reads those. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain.hearsay import CiRun
from bot.forge.reading import Told, Unreadable


def said(told: Callable[[bytes], Told], body: Mapping[str, Any]) -> Sequence[CiRun]:
    """What can't be understood says nothing."""
    try:
        return [one for one in told(json.dumps(body).encode()).said if isinstance(one, CiRun)]
    except Unreadable:
        return ()
