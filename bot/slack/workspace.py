"""The connection to one Slack workspace: who we are there, and Socket Mode if there is an app token."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import ConfigError, OctopodError, TemporaryError
from bot.slack.errors import translated

log = structlog.get_logger()
REFUSED = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
AGAIN = 3.0
WATCHDOG = 5.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What auth.test tells of the bot."""

    team: str
    user: str
    bot: str
    url: str


class Workspace:
    """`met` is called with our identity as soon as Slack tells it."""

    def __init__(self, client: AsyncWebClient, bot_token: str, met: Callable[[Identity], None]) -> None:
        self._client, self._token, self._met = client, bot_token, met
        self.identity: Identity | None = None

    async def greet(self) -> None:
        """Ask Slack who we are. Raises ConfigError for a refused token, TemporaryError if Slack does not answer."""
        try:
            with translated():
                answer = await self._client.auth_test()
        except OctopodError as error:
            if isinstance(error.__cause__, SlackApiError) and _said(error.__cause__) in REFUSED:
                raise ConfigError([f"SLACK_BOT_TOKEN: Slack refuses it ({_said(error.__cause__)})."]) from error
            raise TemporaryError(error.text) from error
        self.identity = Identity(answer["team_id"], answer["user_id"], answer.get("bot_id") or "", answer["url"])
        self._met(self.identity)

    async def greeted(self) -> None:
        """Keep asking until Slack answers: an outage must not keep the engine's work waiting."""
        while self.identity is None:
            try:
                await self.greet()
            except TemporaryError as error:
                log.warning("Slack does not answer yet", why=error.text)
                await asyncio.sleep(AGAIN)

    async def authorize(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        """For Bolt. None, so nothing is done, for another workspace than ours."""
        ours = self.identity
        if ours is None or team_id != ours.team:
            log.warning("a request from another workspace was refused", team=team_id)
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=self._token,
            bot_user_id=ours.user,
            bot_id=ours.bot,
        )


def authorizing(workspace: Workspace) -> Callable[..., Awaitable[Any]]:
    """A plain function: Bolt looks at the names of its parameters, and takes a method's `self` for one of its own."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        return await workspace.authorize(enterprise_id, team_id)

    return authorize


async def require_app_token(client: AsyncWebClient, app_token: str) -> None:
    """Raises ConfigError when Slack refuses the app token; says nothing when Slack does not answer."""
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        if _said(error) in REFUSED | {"missing_scope"}:
            scope = " It needs the scope connections:write." if _said(error) == "missing_scope" else ""
            raise ConfigError([f"SLACK_APP_TOKEN: Slack refuses it ({_said(error)}).{scope}"]) from error
    except Exception as error:
        log.warning("Socket Mode cannot be tried yet", why=str(error))


class Socket:
    """Socket Mode that recovers: the SDK retries a used-up address for ever; a watchdog makes it ask for a new one.

    `ping_interval`: seconds between pings, and until the SDK tries again to connect.
    """

    def __init__(self, app: AsyncApp, app_token: str, workspace: Workspace, ping_interval: float = 5.0) -> None:
        self._app, self._token, self._workspace = app, app_token, workspace
        self._ping_interval = ping_interval
        self._handler: AsyncSocketModeHandler | None = None

    @property
    def connected(self) -> bool:
        session = self._handler.client.current_session if self._handler else None
        return session is not None and not session.closed

    async def run(self) -> None:
        """Until cancelled. Listens only when the workspace is known: before, every wish would be refused as foreign."""
        await self._workspace.greeted()
        self._handler = AsyncSocketModeHandler(
            self._app, self._token, logger=_logger(), ping_interval=self._ping_interval
        )
        try:
            await self._connect(self._handler)
            while True:
                await asyncio.sleep(WATCHDOG)
                if not await self._handler.client.is_connected():
                    self._handler.client.wss_uri = None
        finally:
            await self._handler.close_async()  # type: ignore[no-untyped-call]

    async def _connect(self, handler: AsyncSocketModeHandler) -> None:
        while True:
            try:
                await handler.connect_async()  # type: ignore[no-untyped-call]
                return
            except Exception as error:
                log.warning("Socket Mode cannot connect yet", why=str(error))
                handler.client.wss_uri = None
                await asyncio.sleep(AGAIN)


def _logger() -> logging.Logger:
    logger = logging.getLogger("slack_sdk.socket")
    logger.addFilter(_outage)
    return logger


def _outage(record: logging.LogRecord) -> bool:
    """A Slack that cannot be reached is tried again by the SDK: worth a line, not its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, aiohttp.ClientError | OSError | TimeoutError | SlackApiError):
        record.exc_info, record.exc_text = None, None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


def _said(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""
