"""The error tree.

OctopodError
 ├─ UserError        the user asked for something that cannot be done; told privately, nothing changed
 ├─ TemporaryError   it may work later; retried by the worker with back-off
 │   └─ OutcomeUnknown   it may even have worked: look before trying again
 ├─ PermanentError   it will not work; becomes a failed release with its reason
 │   └─ MessageGone      the message to edit is not there any more
 └─ ConfigError      bad configuration; stops the start with every mistake listed

Anything else is a bug: its traceback goes to the log with an id, the user gets the id.
Adapters translate foreign exceptions into these at their border.
"""

from collections.abc import Sequence


class OctopodError(Exception):
    """What all our errors have in common: `text`, one or more sentences for people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class UserError(OctopodError):
    """Told privately to whoever asked. `suggestions` are things they may have meant, best first."""

    def __init__(self, text: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.suggestions = tuple(suggestions)


class TemporaryError(OctopodError):
    """Worth trying again. `retry_after` (seconds) is the other side's own wish, if it had one."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class OutcomeUnknown(TemporaryError):
    """Asked, but no answer came: it may have been done. A plain TemporaryError was surely not done."""


class PermanentError(OctopodError):
    """Fails the release. `details` are lines shown as they are (places in files, the tail of a log)."""

    def __init__(self, text: str, details: Sequence[str] = (), next_step: str = "") -> None:
        super().__init__(text)
        self.details = tuple(details)
        self.next_step = next_step


class MessageGone(PermanentError):
    """Somebody deleted the message that was to be edited."""


class ConfigError(OctopodError):
    """Every mistake found, each with its place (`octopod.yaml:7:5: …`)."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)
