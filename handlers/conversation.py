"""One grammar, however it was typed: a line of text, and who said it where, to what is told privately."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from bot.domain import commands, events, grammar
from bot.domain.commands import Command
from bot.domain.errors import UserError
from bot.domain.model import Phase, Staging
from bot.meaning import Asked
from bot.slack import answers, configs, projects, story, why
from bot.slack.messages import Text
from handlers.doors import Doors
from handlers.errors import told

DAY, MUTED_FOR = timedelta(days=1), timedelta(hours=1)
Looking = commands.List | commands.Telling | commands.Help | commands.Config | commands.Diff | commands.Projects
About = (
    commands.Telling
    | commands.Logs
    | commands.Extend
    | commands.Delete
    | commands.Config
    | commands.Diff
    | commands.Rest
    | commands.Switch
    | commands.Alerts
)
"""Commands that are about one staging."""


async def say(doors: Doors, asked: Asked, text: str) -> Text | None:
    """Understand, do, and answer. None: nothing is to be said."""
    try:
        command = grammar.parse(text)
    except UserError as error:
        return answers.refusal(error)
    return await told(_done(doors, asked, command), lambda error: answers.refusal(error, _choosing(command)))


async def _done(doors: Doors, asked: Asked, command: Command) -> Text | None:
    match command:
        case commands.Deploy() | commands.Logs():
            meant = await doors.service.accept(asked, command)
            if isinstance(meant, commands.Deploy):
                return answers.deploying(meant, doors.odd(meant))
            return None  # the logs themselves follow at once
        case commands.Extend():
            found = await doors.service.looking.find(asked, command.staging, command.project)
            return answers.extended(await doors.service.extend(asked, found.staging.id, by=command.by))
        case commands.Delete():
            return await _delete(doors, asked, command)
        case commands.Sleep() | commands.Wake() | commands.Undo() | commands.Reset() | commands.Rollback():
            return await _way_back(doors, asked, command)
        case commands.Freeze() | commands.Unfreeze() | commands.Keep() | commands.Unkeep():
            return await _switched(doors, asked, command)
        case commands.Mute() | commands.Unmute():
            return await _muted(doors, asked, command)
        case commands.Config() as command if command.change:
            found = await doors.service.looking.find(asked, command.staging, command.project)
            change = doors.service.configuration.change(asked, found.staging.id, command.change)
            return await configured(doors, await change)
        case (
            commands.List()
            | commands.Info()
            | commands.Why()
            | commands.WhatHappened()
            | commands.Help()
            | commands.Config()
            | commands.Diff()
            | commands.Projects()
        ):
            await doors.service.noted(asked, grammar.render(command))
            return await _looked_up(doors, asked, command)


async def configured(doors: Doors, changed: tuple[Staging, Staging]) -> Text:
    """What came of a change of a staging's configuration: how it was before, and is now."""
    before, after = changed
    found = await doors.service.looking.staging(after.id)
    at = doors.link_to(found.card) if found else None
    return configs.configured(doors.shown(after), before.attempt.id != after.attempt.id, doors.configuration(after), at)


async def _looked_up(doors: Doors, asked: Asked, command: Looking) -> Text:
    match command:
        case commands.List(mine=mine, project=project):
            found = await doors.service.looking.list(asked, mine, project)
            return answers.listing([(one.staging, doors.link_to(one.card)) for one in found], mine)
        case commands.Info(staging=which, project=project):
            one = await doors.service.looking.find(asked, which, project)
            probed, known = doors.probed(one.staging), doors.configuration(one.staging)
            at, journal = doors.link_to(one.card), doors.journal(one)
            return answers.info(doors.shown(one.staging), doors.engine, probed, at, journal, known)
        case commands.Why(staging=which, project=project):
            one = await doors.service.looking.find(asked, which, project)
            around = doors.around(one.staging, one.card)
            trying = await doors.service.witnessing.at_work(one.staging.id)
            return why.answer(doors.shown(one.staging), around, doors.checks(one.staging), trying)
        case commands.WhatHappened() as command:
            return await _happened(doors, asked, command)
        case commands.Config(staging=which, project=project):
            one = await doors.service.looking.find(asked, which, project)
            return configs.configuration(one.staging, doors.configuration(one.staging))
        case commands.Projects():
            counts = Counter(staging.project for staging in await doors.service.looking.present())
            live = doors.service.projects
            return projects.listing(list(live.values()), counts, live.refused)
        case commands.Diff():
            return configs.comparison(await doors.service.configuration.compare(asked, command))
        case commands.Help(topic=topic):
            return answers.helping(topic)


async def _happened(doors: Doors, asked: Asked, command: commands.WhatHappened) -> Text:
    lately = command.lately or DAY
    past = await doors.service.chronicle.past(asked, command.staging, command.project, lately)
    at, last = doors.link_to(past.card), doors.last_line(past)
    return story.answer(past.staging, doors.lines(past), past.releases, lately, last, at)


async def _delete(doors: Doors, asked: Asked, command: commands.Delete) -> Text:
    """What has data is asked about, unless `--yes` was typed."""
    staging = (await doors.service.looking.find(asked, command.staging, command.project)).staging
    sure = command.yes or command.now or staging.phase is Phase.DELETING
    if staging.claims and not sure:
        return answers.ask_delete(staging)
    return answers.deleting(await doors.service.delete(asked, staging.id, now=command.now))


async def _way_back(doors: Doors, asked: Asked, command: commands.Rest) -> Text:
    """A reset is asked about, unless with `--yes`."""
    staging = (await doors.service.looking.find(asked, command.staging, command.project)).staging
    match command:
        case commands.Sleep():
            return answers.sleeping(await doors.back.sleep(asked, staging.id))
        case commands.Wake():
            return answers.waking(await doors.back.wake(asked, staging.id))
        case commands.Undo():
            return answers.brought_back(await doors.back.undo(asked, staging.id))
        case commands.Reset(yes=yes):
            if not yes:
                return answers.ask_reset(staging)
            return answers.resetting(await doors.back.reset(asked, staging.id))
        case commands.Rollback(number=number):
            return answers.rolling_back(await doors.back.rollback(asked, staging, number))


async def _switched(doors: Doors, asked: Asked, command: commands.Switch) -> Text:
    staging = (await doors.service.looking.find(asked, command.staging, command.project)).staging
    who = asked.person.id
    if isinstance(command, commands.Freeze | commands.Unfreeze):
        event: events.Freeze | events.Keep = events.Freeze(who, isinstance(command, commands.Freeze))
        return answers.frozen(await doors.service.wish(asked, staging.id, event))
    event = events.Keep(who, isinstance(command, commands.Keep))
    return answers.kept(await doors.service.wish(asked, staging.id, event))


async def _muted(doors: Doors, asked: Asked, command: commands.Alerts) -> Text:
    staging, check = await doors.muting.meant(asked, command.staging, command.check, command.project)
    if isinstance(command, commands.Mute):
        until = asked.at + (command.by or MUTED_FOR)
        return answers.muted(await doors.muting.mute(asked, staging, check, until), check, until)
    return answers.unmuted(await doors.muting.mute(asked, staging, check, None))


def _choosing(command: Command) -> answers.Choosing | None:
    """The same command for one of several stagings that it could mean."""
    if isinstance(command, About):
        return lambda staging: _about(command, staging)
    return None


def _about(command: About, staging: Staging) -> str:
    return grammar.render(replace(command, staging=staging.name, project=staging.project))
