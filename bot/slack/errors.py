"""Slack's failures in our words: surely not done, perhaps done, gone, or refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.errors import MessageGone, OutcomeUnknown, PermanentError, TemporaryError

GONE = {"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"}
# What somebody has to mend in Slack or in its settings; the message waits for it.
MENDABLE = {
    "not_in_channel": "The bot is not in the channel: invite it with /invite @octopod.",
    "channel_not_found": "The bot does not see the channel: invite it, or change octopod.yaml.",
    "is_archived": "The channel is archived.",
    "restricted_action": "The workspace does not let the bot post there.",
    "invalid_auth": "Slack refuses the bot's token.",
    "not_authed": "Slack got no token.",
    "account_inactive": "The bot's account was switched off in Slack.",
    "token_revoked": "The bot's token was revoked.",
    "missing_scope": "The bot's token lacks a scope: see manifests/slack-app.yaml.",
}
# What of that is about the one conversation; the rest is about all of them.
OF_ONE = {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "missing_scope"}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
OWN_TROUBLE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
DEFAULT_RETRY_AFTER = 5.0


class NotThere(TemporaryError):
    """The bot may not write in this conversation, until somebody mends that."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise ours instead of the SDK's and aiohttp's."""
    try:
        yield
    except SlackApiError as error:
        raise _api(error) from error
    except aiohttp.ClientConnectorError as error:  # no connection, so nothing was sent
        raise TemporaryError(f"Slack cannot be reached: {error}") from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError) as error:
        raise OutcomeUnknown(f"Slack did not answer: {type(error).__name__} {error}".strip()) from error


def _api(error: SlackApiError) -> Exception:
    """The SDK hands over a response of its own, or aiohttp's when the body was no JSON."""
    response: Any = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 200))
    data = getattr(response, "data", None)
    said = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or said in BUSY:
        return TemporaryError("Slack asks to slow down.", retry_after=_retry_after(getattr(response, "headers", {})))
    if status >= 500 or said in OWN_TROUBLE or not said:
        return OutcomeUnknown(f"Slack has trouble of its own: {status} {said}".strip())
    if said in GONE:
        return MessageGone(f"Slack says {said}.")
    if said in MENDABLE:
        return (NotThere if said in OF_ONE else TemporaryError)(f"{MENDABLE[said]} ({said})")
    messages = (data.get("response_metadata") or {}).get("messages") or () if isinstance(data, dict) else ()
    return PermanentError(f"Slack says {said}. {'; '.join(messages)}".strip())


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return float(next(value for name, value in headers.items() if name.lower() == "retry-after"))
    except (StopIteration, ValueError):
        return DEFAULT_RETRY_AFTER
