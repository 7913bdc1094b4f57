"""A slack-bolt listener that does nothing but ack, behind the same HTTP adapter: `python -m scripts.bench.bare PORT`.

It checks signatures (SLACK_SIGNING_SECRET) and asks nobody for authorization, as the bot does.
"""

import os
import sys

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck

from scripts.bench.playground import LOOPBACK


async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    token = "xoxb-nobody"
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token, bot_user_id="U1", bot_id="B1")


async def acked(ack: AsyncAck) -> None:
    await ack()


def main(port: int) -> None:
    bolt = AsyncApp(signing_secret=os.environ["SLACK_SIGNING_SECRET"], authorize=authorize)
    bolt.command("/octopod")(acked)

    async def slack(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.router.add_post("/slack/events", slack)
    web.run_app(app, host=LOOPBACK, port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
