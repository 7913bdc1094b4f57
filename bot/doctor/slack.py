"""Slack: is the bot let in, may it do what it does, does it hear what is typed, is it where its cards go."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor.checking import check
from bot.doctor.report import Answer, unseen
from bot.domain.errors import OctopodError, PermanentError
from bot.settings import Settings
from bot.slack.errors import translated

# Those of manifests/slack-app.yaml, which says what each is for; a test holds the two equal.
SCOPES = frozenset(
    {
        "commands",
        "app_mentions:read",
        "chat:write",
        "channels:read",
        "groups:read",
        "channels:history",
        "groups:history",
        "users:read",
        "users:read.email",
        "usergroups:read",
    }
)
TOKEN, ALLOWED, WAY_IN, CHANNELS = "Slack bot token", "Slack scopes", "Slack way in", "Slack channels"
UNREACHED = "See that this machine reaches SLACK_API_URL."
TOKEN_STEP = "Copy it anew from your app's page, OAuth & Permissions, as SLACK_BOT_TOKEN."
SCOPES_STEP = "Paste manifests/slack-app.yaml as your app's manifest, then install the app to the workspace again."
APP_TOKEN_STEP = "Make an app-level token with connections:write under Basic Information, as SLACK_APP_TOKEN."
PAGE = 500
Call = Callable[[], Any]


async def slack(settings: Settings, channels: Sequence[str]) -> list[Answer]:
    """`channels`: names without `#`."""
    token = settings.slack_bot_token.get_secret_value()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=session, retry_handlers=[])
        (greeted, allowed), way_in = await asyncio.gather(_token(client), _way_in(client, settings))
        if not greeted.well:
            return [greeted, allowed, way_in, unseen(CHANNELS, TOKEN)]
        return [greeted, allowed, way_in, *await _channels(client, channels)]


async def _token(client: AsyncWebClient) -> tuple[Answer, Answer]:
    """Slack tells the token's scopes with every answer, in a header."""
    granted: set[str] = set()

    async def greet() -> str:
        answer = await _asked(client.auth_test, "the token", TOKEN_STEP)
        told = {name.lower(): value for name, value in answer.headers.items()}
        granted.update(scope.strip() for scope in told.get("x-oauth-scopes", "").split(","))
        return f"it is @{answer['user']} of {answer['team']}"

    async def compare() -> str:
        if missing := sorted(SCOPES - granted):
            raise PermanentError(f"the token lacks {', '.join(missing)}", next_step=SCOPES_STEP)
        return f"all {len(SCOPES)} of manifests/slack-app.yaml"

    greeted = await check(TOKEN, greet, UNREACHED)
    return greeted, await check(ALLOWED, compare) if greeted.well else unseen(ALLOWED, TOKEN)


async def _way_in(client: AsyncWebClient, settings: Settings) -> Answer:
    """A signing secret can't be tried from here: only Slack signs."""
    token = settings.slack_app_token

    async def open_one() -> str:
        if token is None:
            return "by HTTP; whether SLACK_SIGNING_SECRET is right shows when Slack first posts to /slack/events"
        given = token.get_secret_value()
        await _asked(lambda: client.apps_connections_open(app_token=given), "the app token", APP_TOKEN_STEP)
        return "Socket Mode, the app token is good"

    return await check(WAY_IN, open_one, UNREACHED)


async def _channels(client: AsyncWebClient, names: Sequence[str]) -> list[Answer]:
    joined: dict[str, bool] = {}

    async def read() -> str:
        cursor = ""
        while True:
            page = await _asked(_page_of(client, cursor), "the list of channels", SCOPES_STEP)
            joined.update({one["name"]: bool(one.get("is_member")) for one in page["channels"]})
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return f"{len(joined)} seen"

    listed = await check(CHANNELS, read, UNREACHED)
    return [_channel(name, joined.get(name)) for name in names] if listed.well else [listed]


def _page_of(client: AsyncWebClient, cursor: str) -> Call:
    types = "public_channel,private_channel"
    return lambda: client.conversations_list(types=types, exclude_archived=True, limit=PAGE, cursor=cursor)


def _channel(name: str, joined: bool | None) -> Answer:
    what = f"Slack channel #{name}"
    if joined is None:
        return Answer(what, False, "the bot sees none of this name", f"Make it, or invite the bot: {_invite(name)}.")
    if not joined:
        return Answer(what, False, "the bot is not in it", f"Invite the bot: {_invite(name)}.")
    return Answer(what, True, "the bot is in it")


def _invite(name: str) -> str:
    return f"type /invite @Octopod in #{name}"


async def _asked(call: Call, what: str, step: str) -> Any:
    """The answer. What Slack itself refuses needs `step`; an answer that does not come does not."""
    try:
        with translated():
            return await call()
    except OctopodError as error:
        if said := _said(error.__cause__):
            raise PermanentError(f"Slack refuses {what} ({said})", next_step=step) from error
        raise


def _said(error: BaseException | None) -> str:
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return str(data.get("error", "")) if isinstance(data, dict) else ""
