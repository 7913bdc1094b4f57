"""Delivery by signed HTTP. https://docs.slack.dev/authentication/verifying-requests-from-slack"""

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.playground.delivery import Ack, Kind, Retry
from bot.playground.model import Json
from bot.playground.options import Options

FORM = "application/x-www-form-urlencoded"


class SignedHttp:
    """Posts everything to one URL. Redirects are failures; so is anything but 200."""

    def __init__(self, options: Options, url: str, signing_secret: str) -> None:
        self._options = options
        self._url = url
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, kind: Kind, payload: Json, retry: Retry) -> Ack:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        body, content_type = _encoded(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **self._signature(body)}
        if retry.number:
            headers |= {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}
        timeout = aiohttp.ClientTimeout(total=self._options.ack_seconds)
        post = self._session.post(self._url, data=body, headers=headers, timeout=timeout, allow_redirects=False)
        try:
            async with post as answer:
                return await _ack(answer)
        except TimeoutError:
            return Ack(error="operation_timeout", reason="http_timeout")
        except (aiohttp.ClientError, UnicodeDecodeError):
            return Ack(error="dispatch_failed", reason="connection_failed")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _signature(self, body: bytes) -> dict[str, str]:
        # the real time, whatever clock a test has set: the bot compares it with its own
        stamp = str(int(time.time()))
        digest = hmac.new(self._secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _encoded(kind: Kind, payload: Json) -> tuple[bytes, str]:
    match kind:
        case Kind.COMMAND:
            return urlencode(payload).encode(), FORM
        case Kind.INTERACTIVE:
            return urlencode({"payload": json.dumps(payload)}).encode(), FORM
        case Kind.EVENT:
            return json.dumps(payload).encode(), "application/json"


async def _ack(answer: aiohttp.ClientResponse) -> Ack:
    text = await answer.text()
    if answer.status != 200:
        final = answer.headers.get("X-Slack-No-Retry") == "1"
        return Ack(error="dispatch_failed", reason="http_error", final=final)
    body: Any = text or None
    if answer.content_type == "application/json" and text:
        try:
            body = json.loads(text)
        except ValueError:
            return Ack(error="dispatch_failed", reason="http_error")
    return Ack(body={"text": body} if isinstance(body, str) else body)
