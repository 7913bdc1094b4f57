"""The dialog of a staging's configuration: the action `config` opens it, the submission of the view `config` saves."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import policy
from bot.domain.changes import Mistake, WrongChange, applied
from bot.domain.errors import OctopodError, UserError
from bot.domain.forms import ChangedMeanwhile
from bot.domain.model import Staging
from bot.meaning import Asked
from bot.service import Repeated
from bot.slack import answers, configs, modals
from bot.slack.home import dialog
from bot.slack.messages import Text
from bot.slack.modals import Form, View
from handlers.actions import asked_by, value_of
from handlers.doors import Doors
from handlers.errors import answering, logged, sent

log = structlog.get_logger()
OPENING = 2.0
"""Seconds that Slack may take to open it: what opens it lives for three, and the ack comes after it."""


@answering
async def opened(
    ack: AsyncAck,
    body: dict[str, Any],
    action: dict[str, Any],
    respond: AsyncRespond,
    client: AsyncWebClient,
    doors: Doors,
) -> None:
    """[Config…]: who may not change this staging is told so in the dialog."""
    asked = asked_by(body, doors)
    try:
        view = await _form(doors, asked, value_of(action))
    except UserError as error:
        view = dialog(answers.refusal(error))
    except Exception:
        view = dialog(answers.bug(logged("a dialog could not be made")))
    try:
        async with asyncio.timeout(OPENING):
            await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("a dialog could not be opened", why=f"{type(error).__name__} {error}".strip())
        await ack()
        if asked.channel:
            text = answers.refused(
                "Slack did not open the dialog in time. Press [Config…] again, or use /octopod config."
            )
            doors.later(sent(respond(text=text.text, response_type="ephemeral", replace_original=False)))


async def _form(doors: Doors, asked: Asked, staging: str, conflict: ChangedMeanwhile | None = None) -> View:
    """After a conflict with what was typed still in its fields. Raises UserError for who may not."""
    project, found = await doors.service.configuration.open(asked, staging)
    project = doors.service.projects.on(project.name, found.branch) or project
    may_use = frozenset(name for name in project.profiles if policy.may_use(asked.person, project, name))
    seen = doors.shown(found)
    if conflict is None:
        return modals.config_form(Form(project, seen, may_use, seen.attempt.overrides))
    typed = applied(seen.attempt.overrides, replace(conflict.change, secrets={}))
    return modals.config_form(Form(project, seen, may_use, typed, conflict.conflicts))


@answering
async def submitted(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], doors: Doors) -> None:
    """Mistakes are told at their fields, and what was typed stays there."""
    answer = await _answer(doors, _asked(body, view, doors), view)
    await ack(**answer) if answer else await ack()


def _asked(body: dict[str, Any], view: View, doors: Doors) -> Asked:
    """The hash is another one whenever the dialog was drawn anew; a mistake takes no wish."""
    person = doors.person(body["user"]["id"])
    return Asked(f"{view['id']} {view['hash']}", person, "", "", doors.service.now(), view_id=view["id"])


async def _answer(doors: Doors, asked: Asked, view: View) -> dict[str, Any]:
    notes = json.loads(view["private_metadata"])
    filled, mistakes = modals.read_form(view)
    about = (notes["staging"], notes["release"])
    try:
        before, after = await doors.service.configuration.fill_in(asked, *about, filled, mistakes)
    except Repeated:
        return {}
    except ChangedMeanwhile as conflict:
        return {"response_action": "update", "view": await _form(doors, asked, notes["staging"], conflict)}
    except WrongChange as error:
        return _errors(view, error.mistakes)
    except OctopodError as error:
        return _errors(view, [Mistake("", "", error.text)])
    except Exception:
        return _told(answers.bug(logged("a dialog failed")))
    return _told(await _done(doors, before, after))


async def _done(doors: Doors, before: Staging, after: Staging) -> Text:
    found = await doors.service.looking.staging(after.id)
    at = doors.link_to(found.card) if found else None
    return configs.configured(doors.shown(after), before.attempt.id != after.attempt.id, doors.configuration(after), at)


def _errors(view: View, mistakes: Any) -> dict[str, Any]:
    return {"response_action": "errors", "errors": modals.wrong(view, mistakes)}


def _told(text: Text) -> dict[str, Any]:
    return {"response_action": "update", "view": dialog(text)}
