"""How one stand-in is set up: where it keeps its state, how it reaches the bot, which intervals it uses."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.checkpoints import Checkpoint, nowhere


@dataclass(frozen=True, slots=True)
class Options:
    """`data`: the folder of its state. `bot_port`: where `*.localhost` is passed on to; None: nowhere (502).

    `events_url`: payloads go there as signed HTTP instead of Socket Mode. `ack_seconds`, `trigger_seconds`,
    `hook_seconds`, `hook_uses`: Slack's own limits (ack, trigger ids, response_url). `retry_delays`: seconds before
    each repetition of an event that was not acknowledged. `clock`: seconds since 1970. `repository`: the bare example
    repository, for `/playground`; None: there is none. `checkpoint`: told the named points at which tests may end the
    process.
    """

    data: Path
    repository: Path | None = None
    bot_port: int | None = None
    rate_limits: bool = False
    events_url: str | None = None
    commands: tuple[str, ...] = ("/octopod",)
    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    ticket_seconds: float = 30.0
    hook_seconds: float = 1800.0
    hook_uses: int = 5
    retry_delays: tuple[float, ...] = (1.0, 60.0, 300.0)
    clock: Callable[[], float] = time.time
    checkpoint: Checkpoint = nowhere
