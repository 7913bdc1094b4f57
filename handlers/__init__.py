"""The doors, all on one screen. A door understands what came in, calls one service method, and answers."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers import actions, commands, events, home, views
from handlers.doors import Doors
from handlers.errors import logged


def register(app: AsyncApp, doors: Doors) -> None:
    """Slack's doors. The others (`clock`, `watch`, `health`, `tombstone`, `compare`) are opened by `app`."""

    @app.middleware
    async def hand_over(context: dict[str, Any], next: Any) -> None:
        context["doors"] = doors
        await next()

    app.command("/octopod")(commands.octopod)

    app.action("open")(actions.door(actions.opened))
    app.action("compare")(actions.door(actions.opened))
    app.action("extend")(actions.door(actions.extend))
    app.action("logs")(actions.door(actions.logs, waits=True))
    app.action("retry")(actions.door(actions.retry))
    app.action("delete")(actions.door(actions.delete))
    app.action("config")(views.opened)
    app.action("undo")(actions.door(actions.undo))
    app.action("delete_now")(actions.door(actions.delete_now))
    app.action("sleep")(actions.door(actions.sleep))
    app.action("wake")(actions.door(actions.wake))
    app.action("reset")(actions.door(actions.reset))
    app.action("rollback")(actions.door(actions.rollback))
    app.action("revert_key")(actions.door(actions.revert_key))
    app.action("check_base")(actions.door(actions.check_base))
    app.action("fresh_data")(actions.door(actions.fresh_data))
    app.action("releases")(actions.door(actions.releases))
    app.action("mute")(actions.door(actions.mute))
    app.action("choose")(actions.door(actions.choose))

    app.view("config")(views.submitted)

    app.event("app_mention")(events.app_mention)
    app.event("app_home_opened")(home.opened)
    app.event("message")(events.ignored)

    @app.error
    async def net(error: Exception) -> None:
        logged(f"an error below the doors: {error}")
