"""The one sender of the workspace: renders, sends, and finds out whether an earlier try had succeeded.

Every message carries a key in its metadata. A posting whose outcome is unknown is looked up by that key in its channel
or thread before it is sent again, so nothing is lost, and doubled only if Slack accepts a message after we looked.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import written
from bot.domain import masking
from bot.domain.errors import MessageGone, OutcomeUnknown, PermanentError, TemporaryError
from bot.domain.events import NoticeKind, Where
from bot.domain.model import Release, Staging
from bot.domain.project import ProbeFrom, Project
from bot.ports import Letter, Posted, Slot
from bot.slack import alerts, answers, arrivals, home, messages, notices, progress
from bot.slack.budgets import POST, PUBLISH, RESPOND, UPDATE, Budgets
from bot.slack.directory import Directory
from bot.slack.errors import NotThere, translated
from bot.slack.findings import Around
from bot.slack.messages import Compared, Text, compared

EVENT_TYPE = "octopod_message"
PAGE = 200
CLOCKS_MAY_DIFFER = timedelta(minutes=2)


IN_ALERTS = frozenset(Where) - {Where.THREAD, Where.OWNER, Where.CHANNEL, Where.PRIVATE}


class Sender:
    """`engine` names where stagings run, for the cards; `port`: what URLs carry when a host names none; `counted` is
    told method and outcome of each call."""

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        directory: Directory,
        projects: Mapping[str, Project],
        engine: str,
        port: int | None,
        clock: Callable[[], float],
        counted: Callable[[str, str], None] = lambda method, outcome: None,
    ) -> None:
        self._client, self._session, self._directory = client, session, directory
        self._projects, self._engine, self._port, self._counted = projects, engine, port, counted
        self._budgets = Budgets(clock)

    def slot(self, project: str | None, where: Where | None, posts: bool, key: tuple[Any, ...]) -> Slot:
        if where is Where.PRIVATE:
            return Slot(f"{RESPOND} {key[0]}", 0.0)
        if where is Where.OWNER:
            return Slot(f"{POST} owner {key[0]}", 0.0)
        name = f"{POST} {self._channel_of(project, where)}" if posts else UPDATE
        return Slot(name, self._budgets.wait(name))

    def slot_of_homes(self) -> Slot:
        return Slot(PUBLISH, self._budgets.wait(PUBLISH))

    async def show_home(self, user: str, found: Sequence[tuple[Staging, Posted | None]]) -> None:
        shown = [(staging, self._directory.link(card) if card else None) for staging, card in found]
        async with self._call(PUBLISH, PUBLISH):
            await self._client.views_publish(user_id=user, view=home.home(user, shown))

    async def show_card(self, staging: Staging, at: Posted | None, *, unsure: bool) -> Posted:
        staging = masking.shown(staging, self._projects.get(staging.project))
        text = messages.card(staging, self._engine, self._probed(staging.project), self._compared(staging))
        if at:
            return await self._update(at, text, f"card-{staging.id}")
        name = self._channel_of(staging.project, None)
        since = staging.created_at if unsure else None
        return await self._post_once(name, None, text, f"card-{staging.id}", since, newest=True)

    async def show_progress(
        self, staging: Staging, release: Release, card: Posted, ts: str | None, *, unsure: bool
    ) -> Posted:
        text = progress.progress(release, staging)
        key = f"progress-{release.id}"
        if ts:
            return await self._update(Posted(card.channel, ts), text, key)
        since = release.requested_at if unsure else None
        return await self._post_once(self._channel_of(staging.project, None), card, text, key, since, newest=True)

    async def send(self, letter: Letter, staging: Staging | None, *, unsure: bool) -> Posted | None:
        if letter.where is Where.PRIVATE:
            if not unsure:  # at most once: a private answer that may have arrived is not repeated
                await self._privately(letter, staging)
            return None
        if letter.where is Where.CHANNEL:
            text = arrivals.notice(letter.kind, letter.facts)
            name = self._channel_of(letter.facts["project"], letter.where)
            return await self._post_once(name, None, text, letter.key, letter.since if unsure else None)
        if letter.kind is NoticeKind.INCIDENT:
            return await self._incident(letter, unsure)
        assert staging is not None, "nothing else is about no staging"
        card_link = self._directory.link(letter.card) if letter.card else None
        around = Around(card_link, self._compared(staging), letter.since, self._called)
        text = notices.notice(letter.kind, letter.where, self._facts(letter, staging), staging, around)
        if letter.where is Where.OWNER:
            return await self._to_owner(letter, text, unsure)
        if letter.where is Where.ALERT_EDIT and letter.parent:
            return await self._update(letter.parent, text, None)
        parent = letter.parent if letter.where in (Where.THREAD, Where.ALERT_THREAD) else None
        name = self._channel_of(staging.project, letter.where)
        return await self._post_once(name, parent, text, letter.key, letter.since if unsure else None)

    async def _incident(self, letter: Letter, unsure: bool) -> Posted:
        over = letter.where is Where.INCIDENT_THREAD
        text = alerts.incident_over(letter.facts) if over else alerts.incident(self._linked(letter.facts))
        if letter.where is Where.INCIDENT_EDIT and letter.parent:
            return await self._update(letter.parent, text, None)
        name = self._channel_of(letter.facts["project"], letter.where)
        return await self._post_once(name, letter.parent, text, letter.key, letter.since if unsure else None)

    def _linked(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """With links to the cards of whom it is about."""
        links = (self._directory.link(Posted(*one["card"])) if one["card"] else None for one in facts["members"])
        return {**facts, "members": [{**one, "link": to} for one, to in zip(facts["members"], links, strict=True)]}

    def _compared(self, staging: Staging) -> Compared | None:
        return compared(staging, self._projects.get(staging.project), self._port)

    def _facts(self, letter: Letter, staging: Staging) -> Mapping[str, Any]:
        facts = written.facts_of(letter.facts)
        if "finding" in facts:
            facts["finding"] = masking.masked_finding(facts["finding"], self._projects.get(staging.project))
        return facts

    def _called(self, user: str) -> str:
        return self._directory.person(user).handle

    async def _to_owner(self, letter: Letter, text: Text, unsure: bool) -> Posted:
        """A direct message can't be looked for without rights that the bot needs for nothing else, so it is tried once.
        Raises PermanentError when this person has none, or may have it already."""
        if unsure:
            raise PermanentError("It is not known whether a direct message arrived.")
        try:
            async with self._call(POST, f"{POST} owner {letter.key}"):
                answer = await self._client.chat_postMessage(channel=letter.facts["owner"], **_content(text))
        except NotThere as error:
            raise PermanentError(error.text) from error
        return Posted(answer["channel"], answer["ts"])

    # --- one message -------------------------------------------------------------------------------------------------

    async def _post_once(
        self, name: str, parent: Posted | None, text: Text, key: str, since: datetime | None, newest: bool = False
    ) -> Posted:
        """`since`: when an earlier try may have been made; then it is looked for first.

        `newest`: what is found shows how things were then, and is edited to show how they are.
        """
        channel = parent.channel if parent else await self._directory.channel(name)
        thread = parent.ts if parent else None
        if since and thread and (stray := await self._look(channel, None, key, since)):
            await self._remove(stray)
        if since and (found := await self._look(channel, thread, key, since)):
            return await self._update(found, text, key) if newest else found
        async with self._call(POST, f"{POST} {name}"):
            answer = await self._client.chat_postMessage(
                channel=channel, thread_ts=thread, metadata=_metadata(key), unfurl_links=False, **_content(text)
            )
        posted = Posted(answer["channel"], answer["ts"])
        if thread and (answer.get("message") or {}).get("thread_ts") != thread:
            await self._take_back(posted)
        return posted

    async def _take_back(self, stray: Posted) -> None:
        """A reply to a parent that somebody deleted lands in the channel, where it does not belong."""
        await self._remove(stray)
        raise MessageGone("The thread's first message was deleted in Slack.")

    async def _remove(self, stray: Posted) -> None:
        """While it may still stand there, the outcome of its posting is unknown: the next try looks for it first."""
        try:
            async with self._call("chat.delete", "chat.delete"):
                await self._client.chat_delete(channel=stray.channel, ts=stray.ts)
        except MessageGone:
            return
        except TemporaryError as error:
            raise OutcomeUnknown(error.text, error.retry_after) from error

    async def _update(self, at: Posted, text: Text, key: str | None) -> Posted:
        """Without a key the message keeps the metadata that it has."""
        metadata = _metadata(key) if key else None
        async with self._call(UPDATE, UPDATE):
            await self._client.chat_update(channel=at.channel, ts=at.ts, metadata=metadata, **_content(text))
        return at

    async def _look(self, channel: str, thread: str | None, key: str, since: datetime) -> Posted | None:
        """Whatever goes wrong here leaves the outcome as unknown as it was."""
        oldest = f"{(since - CLOCKS_MAY_DIFFER).timestamp():.6f}"
        cursor = ""
        try:
            while True:
                answer = await self._page(channel, thread, oldest, cursor)
                for message in answer.get("messages") or []:
                    if (message.get("metadata") or {}).get("event_payload", {}).get("id") == key:
                        return Posted(channel, message["ts"])
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return None
        except TemporaryError as error:
            raise OutcomeUnknown(error.text, error.retry_after) from error

    async def _page(self, channel: str, thread: str | None, oldest: str, cursor: str) -> AsyncSlackResponse:
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": oldest,
            "cursor": cursor,
            "limit": PAGE,
            "include_all_metadata": True,
        }
        if thread:
            async with self._call("conversations.replies", "conversations.replies"):
                return await self._client.conversations_replies(ts=thread, **arguments)
        async with self._call("conversations.history", "conversations.history"):
            return await self._client.conversations_history(**arguments)

    async def _privately(self, letter: Letter, staging: Staging | None) -> None:
        """By the response URL while it lives (30 minutes, 5 uses), else as an ephemeral message.

        What was asked in the App Home is told in its dialog, else by a direct message; a new release shows there.
        """
        at = self._directory.link(letter.parent) if letter.parent else None
        if letter.facts["answer"] == "card" and self._sees_it(letter):
            return
        text = answers.answer(letter.facts, staging, at)
        if letter.response_url and await self._respond(letter.response_url, text):
            return
        if letter.view_id and await self._in_dialog(letter.view_id, text):
            return
        if letter.user and not letter.asked_in:
            async with self._call(POST, f"{POST} {letter.user}"):
                await self._client.chat_postMessage(channel=letter.user, **_content(text))
        elif letter.user and letter.asked_in:
            async with self._call("chat.postEphemeral", "chat.postEphemeral"):
                await self._client.chat_postEphemeral(
                    channel=letter.asked_in, user=letter.user, thread_ts=letter.asked_thread, **_content(text)
                )

    async def _in_dialog(self, view_id: str, text: Text) -> bool:
        """False when it was closed meanwhile."""
        try:
            async with self._call("views.update", "views.update"):
                await self._client.views_update(view_id=view_id, view=home.dialog(text))
        except PermanentError:
            return False
        return True

    def _sees_it(self, letter: Letter) -> bool:
        """The App Home shows each release; a new card in the channel where it was asked for needs no link to it."""
        if not letter.asked_in:
            return True
        in_place = letter.parent is not None and letter.parent.channel == letter.asked_in
        return bool(letter.facts["new"]) and in_place and not letter.asked_thread

    async def _respond(self, url: str, text: Text) -> bool:
        """False when the URL is used up or too old."""
        body = {"response_type": "ephemeral", "replace_original": False, **_content(text)}
        async with self._call(RESPOND, RESPOND), self._session.post(url, json=body) as answer:
            if answer.status >= 500:
                raise OutcomeUnknown(f"Slack answered {answer.status} to a private answer.")
            return answer.status < 300

    @asynccontextmanager
    async def _call(self, method: str, slot: str) -> AsyncIterator[None]:
        """Translate what goes wrong, and keep the limits."""
        outcome = "ok"
        try:
            with translated():
                yield
        except TemporaryError as error:
            outcome = type(error).__name__
            if error.retry_after is not None:
                outcome = "ratelimited"
                self._budgets.refused(slot, error.retry_after)
            raise
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            self._budgets.used(slot)
            self._counted(method, outcome)

    # --- facts -------------------------------------------------------------------------------------------------------

    def _channel_of(self, project: str | None, where: Where | None) -> str:
        known = self._projects.get(project or "")
        if known is None:
            return ""
        return known.alerts if where in IN_ALERTS else known.channel

    def _probed(self, project: str) -> bool:
        known = self._projects.get(project)
        return known is None or known.url_probe.origin is not ProbeFrom.OFF


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"id": key}}


def _content(text: Text) -> dict[str, Any]:
    return {"text": text.text, "blocks": text.blocks}
