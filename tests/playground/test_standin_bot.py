"""A real bolt app behind the stand-in: what people do reaches it, what it answers is shown, by both ways."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from standin_kit import (
    Clock,
    Json,
    Workspace,
    actions,
    answered_by,
    bolt_app,
    button,
    in_socket_mode,
    modal,
    over_http,
    plain,
    section,
    text_input,
    workspace,
)

ALICE, BOB = "U01ALICE", "U02BOB"
ANYTHING = re.compile(".*")


class Peer:
    """A bolt app that remembers what it was told. `answers`: what an ack carries, by the name of what was told."""

    def __init__(self) -> None:
        self.told: list[Json] = []
        self.answers: dict[str, Any] = {}
        self.app: AsyncApp | None = None

    def attach(self, there: Workspace) -> AsyncApp:
        self.app = app = bolt_app(there)

        async def listener(ack: Any, body: Json) -> None:
            self.told.append(body)
            name = body.get("command") or body.get("event", {}).get("type") or body["type"]
            await ack(**self.answers.get(name, {}))

        app.command("/octopod")(listener)
        app.action({"type": "block_actions", "action_id": ANYTHING})(listener)
        app.options(ANYTHING)(listener)
        app.view(ANYTHING)(listener)
        app.view_closed(ANYTHING)(listener)
        app.event("app_mention")(listener)
        app.event("app_home_opened")(listener)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        assert self.app is not None
        return await answered_by(self.app, request)


class Stage:
    def __init__(self, slack: Workspace, peer: Peer) -> None:
        self.slack = slack
        self.peer = peer

    @property
    def told(self) -> Json:
        """The last thing the bot was told."""
        return self.peer.told[-1]

    async def opened(self, view: Json) -> Json:
        """`view`, opened for Alice by a command, as Slack returns it."""
        await self.slack.post("command", user="alice", channel="general", text="/octopod new")
        answer = await self.slack.client.views_open(trigger_id=self.told["trigger_id"], view=view)
        made: Json = answer["view"]
        return made


@pytest.fixture(params=["socket", "http"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    peer = Peer()
    async with AsyncExitStack() as stack:
        if request.param == "http":
            url = await stack.enter_async_context(over_http(peer.answer))
            slack = await stack.enter_async_context(workspace(tmp_path, events_url=url))
            peer.attach(slack)
        else:
            slack = await stack.enter_async_context(workspace(tmp_path))
            await stack.enter_async_context(in_socket_mode(slack, peer.attach(slack)))
        yield Stage(slack, peer)


async def test_a_command_is_acked_and_its_answer_is_private(stage: Stage) -> None:
    stage.peer.answers["/octopod"] = {"text": "on it"}
    text = "/octopod deploy x for @bob"
    answer = await stage.slack.post("command", user="alice", channel="#stagings", text=text)
    assert answer["ok"] and 0 < answer["ack_ms"] < 3000
    assert answer["response"]["text"] == "on it"
    told = stage.told
    assert (told["command"], told["text"]) == ("/octopod", "deploy x for <@U02BOB|bob>")
    assert (told["user_id"], told["user_name"], told["channel_id"]) == (ALICE, "alice", "C02STAGINGS")
    [shown] = await stage.slack.messages("stagings")
    assert (shown["text"], shown["ephemeral_to"]) == ("on it", ALICE)


async def test_an_answer_can_be_for_everybody(stage: Stage) -> None:
    stage.peer.answers["/octopod"] = {"text": "hear, hear", "response_type": "in_channel"}
    await stage.slack.post("command", user="alice", channel="C02STAGINGS", text="/octopod list")
    assert [m["ephemeral_to"] for m in await stage.slack.messages("stagings")] == [None]


async def test_a_button_of_a_message(stage: Stage) -> None:
    parent = await stage.slack.posted()
    ts = await stage.slack.posted("card", thread_ts=parent, blocks=[actions(button("extend"), block_id="b1")])
    answer = await stage.slack.post("click", user=BOB, channel="stagings", ts=ts, action_id="extend")
    assert answer["ok"] and answer["ack_ms"] > 0
    told = stage.told
    assert (told["type"], told["user"]["id"], told["channel"]["id"]) == ("block_actions", BOB, "C02STAGINGS")
    assert told["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C02STAGINGS",
        "is_ephemeral": False,
        "thread_ts": parent,
    }
    [action] = told["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("extend", "b1", "1")
    assert told["message"]["ts"] == ts and told["trigger_id"] and told["response_url"]


async def test_who_clicks_while_a_message_is_edited_clicks_what_is_there_now(stage: Stage) -> None:
    """A block without a name of its own gets another one with each edit."""
    ts = await stage.slack.posted("card", blocks=[actions(button("extend"))])
    [drawn] = (await stage.slack.messages("stagings"))[-1]["blocks"]
    await stage.slack.client.chat_update(channel="C02STAGINGS", ts=ts, text="card", blocks=[actions(button("extend"))])
    [now] = (await stage.slack.messages("stagings"))[-1]["blocks"]
    assert now["block_id"] != drawn["block_id"]
    where = {"channel": "stagings", "ts": ts, "action_id": "extend", "block_id": drawn["block_id"]}
    assert (await stage.slack.post("click", user="alice", **where))["ok"]
    assert stage.told["actions"][0]["block_id"] == now["block_id"]


async def test_menus_carry_what_was_chosen(stage: Stage) -> None:
    options = [{"text": plain(name.title()), "value": name} for name in ("logs", "delete")]
    menu = {"type": "overflow", "action_id": "more", "options": options}
    pick = {"type": "static_select", "action_id": "pick", "options": options}
    ts = await stage.slack.posted(blocks=[section("x", accessory=menu), actions(pick, block_id="a")])
    await stage.slack.post("click", user="bob", channel="stagings", ts=ts, action_id="more", value="delete")
    assert stage.told["actions"][0]["selected_option"]["value"] == "delete"
    await stage.slack.post("click", user="bob", channel="stagings", ts=ts, action_id="pick", value="logs")
    assert stage.told["state"]["values"]["a"]["pick"]["selected_option"]["value"] == "logs"
    refused = await stage.slack.post("click", user="bob", channel="stagings", ts=ts, action_id="pick", value="nope")
    assert not refused["ok"] and "there are: logs, delete" in refused["error"]


async def test_a_cancelled_dialog_tells_nobody(stage: Stage) -> None:
    confirm = {"title": plain("Sure?"), "text": plain("Gone is gone"), "confirm": plain("Yes"), "deny": plain("No")}
    ts = await stage.slack.posted(blocks=[actions(button("delete", confirm=confirm))])
    where = {"user": "bob", "channel": "stagings", "ts": ts, "action_id": "delete"}
    assert (await stage.slack.post("click", **where, confirm=False))["cancelled"] is True
    assert stage.peer.told == []
    assert (await stage.slack.post("click", **where))["ok"]
    assert len(stage.peer.told) == 1


async def test_a_link_button_tells_its_link_and_the_bot(stage: Stage) -> None:
    ts = await stage.slack.posted(blocks=[actions(button("open", url="http://x.localhost/"))])
    answer = await stage.slack.post("click", user="bob", channel="stagings", ts=ts, action_id="open")
    assert answer["url"] == "http://x.localhost/" and stage.told["actions"][0]["action_id"] == "open"


async def test_what_is_not_there_cannot_be_clicked(stage: Stage) -> None:
    ts = await stage.slack.posted(blocks=[actions(button("go"))])
    wrong = await stage.slack.post("click", user="bob", channel="stagings", ts=ts, action_id="stop")
    assert not wrong["ok"] and "there are: go" in wrong["error"]
    gone = await stage.slack.post("click", user="bob", channel="stagings", ts="1.000001", action_id="go")
    assert not gone["ok"] and stage.peer.told == []


async def test_private_messages_are_clicked_by_their_owner_only(stage: Stage) -> None:
    answer = await stage.slack.client.chat_postEphemeral(
        channel="C02STAGINGS", user=ALICE, text="psst", blocks=[actions(button("go"))]
    )
    where = {"channel": "stagings", "ts": answer["message_ts"], "action_id": "go"}
    assert not (await stage.slack.post("click", user="bob", **where))["ok"]
    assert (await stage.slack.post("click", user="alice", **where))["ok"]
    assert stage.told["container"]["is_ephemeral"] is True and "message" not in stage.told


async def test_a_mention_reaches_the_bot_and_other_talk_does_not(stage: Stage) -> None:
    await stage.slack.post("message", user="alice", channel="general", text="lunch?")
    parent = await stage.slack.posted("card")
    text = "@octopod list please, @bob & co"
    answer = await stage.slack.post("message", user="alice", channel="stagings", text=text, thread_ts=parent)
    assert answer["ok"] and answer["delivered"]
    [told] = stage.peer.told
    event = told["event"]
    assert (event["type"], event["user"], event["thread_ts"]) == ("app_mention", ALICE, parent)
    assert event["text"] == "<@U00OCTOPOD> list please, <@U02BOB> &amp; co"
    assert told["event_id"].startswith("Ev")


async def test_a_home_tab_is_opened(stage: Stage) -> None:
    assert (await stage.slack.post("home", user="alice"))["ok"]
    assert (stage.told["event"]["tab"], stage.told["event"]["user"]) == ("home", ALICE)
    blocks = [actions(button("refresh"))]
    made = await stage.slack.client.views_publish(user_id=ALICE, view={"type": "home", "blocks": blocks})
    await stage.slack.post("click", user="alice", view_id=made["view"]["id"], action_id="refresh")
    assert stage.told["container"] == {"type": "view", "view_id": made["view"]["id"]}


async def test_a_modal_is_submitted(stage: Stage) -> None:
    view = await stage.opened(modal(text_input("name", "n"), callback_id="new", private_metadata="m"))
    empty = await stage.slack.post("submit", user="alice", view_id=view["id"], values={})
    assert not empty["ok"] and list(empty["errors"]) == ["n"]
    done = await stage.slack.post("submit", user="alice", view_id=view["id"], values={"name": "x"})
    assert done["ok"]
    told = stage.told
    assert (told["type"], told["view"]["callback_id"], told["view"]["private_metadata"]) == (
        "view_submission",
        "new",
        "m",
    )
    assert told["view"]["state"]["values"] == {"n": {"name": {"type": "plain_text_input", "value": "x"}}}
    assert (await stage.slack.state())["views"] == []


async def test_a_modal_can_refuse_change_and_pile_up(stage: Stage) -> None:
    view = await stage.opened(modal(text_input("name", "n")))
    where = {"user": "alice", "view_id": view["id"], "values": {"name": "x"}}
    stage.peer.answers["view_submission"] = {"response_action": "errors", "errors": {"n": "taken"}}
    refused = await stage.slack.post("submit", **where)
    assert (refused["ok"], refused["errors"]) == (False, {"n": "taken"})
    stage.peer.answers["view_submission"] = {"response_action": "update", "view": modal(text_input("name", "m"))}
    assert (await stage.slack.post("submit", **where))["ok"]
    stage.peer.answers["view_submission"] = {"response_action": "push", "view": modal(section("second"))}
    assert (await stage.slack.post("submit", **where))["ok"]
    below, above = (await stage.slack.state())["views"]
    assert (below["view"]["blocks"][0]["block_id"], above["view"]["previous_view_id"]) == ("m", view["id"])
    stage.peer.answers["view_submission"] = {"response_action": "clear"}
    assert (await stage.slack.post("submit", user="alice", view_id=above["id"], values={}))["ok"]
    assert (await stage.slack.state())["views"] == []


async def test_closing_is_told_only_on_request(stage: Stage) -> None:
    view = await stage.opened(modal(section("x"), notify_on_close=True))
    assert (await stage.slack.post("close", user="alice", view_id=view["id"]))["ok"]
    assert (stage.told["type"], stage.told["is_cleared"]) == ("view_closed", False)
    quiet = await stage.opened(modal(section("x")))
    assert (await stage.slack.post("close", user="alice", view_id=quiet["id"]))["delivered"] is False


async def test_a_menu_asks_for_suggestions(stage: Stage) -> None:
    search = {"type": "external_select", "action_id": "branch", "min_query_length": 2}
    block = {"type": "input", "block_id": "b", "label": plain("Branch"), "element": search}
    view = await stage.opened(modal(block))
    where = {"user": "alice", "view_id": view["id"]}
    option = {"text": plain("feature-x"), "value": "feature-x"}
    stage.peer.answers["block_suggestion"] = {"options": [option]}
    short = await stage.slack.post("suggest", **where, action_id="branch", value="f")
    assert (short["options"], short["delivered"]) == ([], False)
    asked = await stage.slack.post("suggest", **where, action_id="branch", value="fe")
    assert asked["ok"] and asked["options"] == [option]
    assert (stage.told["type"], stage.told["value"], stage.told["block_id"]) == ("block_suggestion", "fe", "b")
    await stage.slack.post("submit", **where, values={"branch": "feature-x"})
    again = {"user": "alice", "view_id": (await stage.opened(modal(block)))["id"]}
    assert stage.peer.told[-2]["view"]["state"]["values"]["b"]["branch"]["selected_option"]["value"] == "feature-x"
    stage.peer.answers["block_suggestion"] = {"options": [option] * 101}
    assert (await stage.slack.post("suggest", **again, action_id="branch", value="fe"))["error"] == "invalid_options"


async def test_response_urls(stage: Stage) -> None:
    await stage.slack.post("command", user="alice", channel="stagings", text="/octopod list")
    url = stage.told["response_url"]

    async def respond(**body: Any) -> int:
        async with stage.slack.http.post(url, json=body) as answer:
            return answer.status

    assert await respond(text="one") == 200
    assert await respond(text="two", replace_original=True) == 200
    [seen] = await stage.slack.messages("stagings")
    assert (seen["text"], seen["ephemeral_to"]) == ("two", ALICE)
    assert await respond(delete_original=True) == 200
    assert await stage.slack.messages("stagings") == []
    assert await respond(text="all", response_type="in_channel") == 200
    assert await respond(blocks=[{"type": "nonsense"}]) == 400
    assert await respond(text="five") == 200
    assert await respond(text="six") == 404


async def test_a_response_url_edits_what_was_clicked(stage: Stage) -> None:
    answer = await stage.slack.client.chat_postEphemeral(
        channel="C02STAGINGS", user=ALICE, text="sure?", blocks=[actions(button("yes"))]
    )
    where = {"channel": "stagings", "ts": answer["message_ts"]}
    await stage.slack.post("click", user="alice", **where, action_id="yes")
    async with stage.slack.http.post(
        stage.told["response_url"], json={"text": "done", "replace_original": True}
    ) as got:
        assert got.status == 200
    [seen] = await stage.slack.messages("stagings")
    assert (seen["ts"], seen["text"], seen["blocks"]) == (answer["message_ts"], "done", [])


async def test_response_urls_end_after_half_an_hour(tmp_path: Path) -> None:
    clock, peer = Clock(), Peer()
    async with workspace(tmp_path, clock=clock) as slack:
        async with in_socket_mode(slack, peer.attach(slack)):
            await slack.post("command", user="alice", channel="stagings", text="/octopod list")
        path = peer.told[0]["response_url"].split("/_response/")[1]
    async with workspace(tmp_path, clock=clock) as slack:  # also across a restart
        url = f"{slack.base}/_response/{path}"
        async with slack.http.post(url, json={"text": "in time"}) as answer:
            assert answer.status == 200
        clock.now += 1801
        async with slack.http.post(url, json={"text": "late"}) as answer:
            assert (answer.status, (await answer.json())["error"]) == (404, "expired_url")


async def test_an_ack_that_is_late_fails_visibly(tmp_path: Path) -> None:
    async with workspace(tmp_path, ack_seconds=0.2) as slack:
        app, release = bolt_app(slack), asyncio.Event()

        @app.command("/octopod")
        async def slow(ack: Any) -> None:
            await release.wait()
            await ack()

        async with in_socket_mode(slack, app):
            answer = await slack.post("command", user="alice", channel="stagings", text="/octopod deploy x")
            release.set()
        assert (answer["ok"], answer["error"]) == (False, "operation_timeout")
        assert answer["ack_ms"] >= 200
        [told] = await slack.messages("stagings")
        assert (told["user"], told["ephemeral_to"]) == ("USLACKBOT", ALICE)
        assert told["text"] == '/octopod failed with the error "operation_timeout"'


async def test_without_a_bot_things_fail_visibly(tmp_path: Path) -> None:
    async with workspace(tmp_path) as slack:
        ts = await slack.posted(blocks=[actions(button("go"))])
        answer = await slack.post("click", user="alice", channel="stagings", ts=ts, action_id="go")
        assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")
        assert "dispatch_failed" in (await slack.messages("stagings"))[-1]["text"]


async def test_an_answer_that_is_not_200_fails(tmp_path: Path) -> None:
    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async with over_http(broken) as url, workspace(tmp_path, events_url=url) as slack:
        answer = await slack.post("command", user="alice", channel="stagings", text="/octopod list")
        assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")


async def test_events_are_repeated_until_acked(tmp_path: Path) -> None:
    seen: list[tuple[str | None, str | None]] = []
    acked = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        if len(seen) < 3:
            return web.Response(status=503)
        acked.set()
        return web.Response()

    async with over_http(answer) as url, workspace(tmp_path, events_url=url, retry_delays=(0.01, 0.01, 0.01)) as slack:
        first = await slack.post("message", user="alice", channel="general", text="@octopod hi")
        assert not first["ok"]
        async with asyncio.timeout(5):
            await acked.wait()
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error")]


async def test_slack_refuses_what_it_would_refuse(stage: Stage) -> None:
    async def command(text: str, **more: Any) -> str:
        body = {"user": "alice", "channel": "stagings", "text": text, **more}
        return str((await stage.slack.post("command", **body))["error"])

    assert "starts with /" in await command("octopod list")
    assert await command("/unknown x") == "unknown_command"
    ts = await stage.slack.posted()
    assert await command("/octopod list", thread_ts=ts) == "not_supported_in_threads"
    assert "there are: alice, bob, carol" in await command("/octopod list", user="mallory")
    assert "there are: #general" in await command("/octopod list", channel="nowhere")
    assert stage.peer.told == []


async def test_a_bot_that_was_removed_hears_nothing(stage: Stage) -> None:
    await stage.slack.post("channel", channel="stagings", bot_member=False)
    answer = await stage.slack.post("message", user="alice", channel="stagings", text="@octopod list")
    assert answer["ok"] and answer["delivered"] is False
    assert await stage.slack.error("chat.postMessage", channel="stagings", text="x") == "not_in_channel"
    # a command works everywhere, and so does its response URL
    stage.peer.answers["/octopod"] = {"text": "hello"}
    assert (await stage.slack.post("command", user="alice", channel="stagings", text="/octopod list"))["ok"]
    await stage.slack.post("channel", channel="stagings", bot_member=True)
    assert await stage.slack.error("chat.postMessage", channel="stagings", text="x") == ""


async def test_direct_messages_can_hold_commands(stage: Stage) -> None:
    await stage.slack.post("command", user="alice", channel="@octopod", text="/octopod list")
    assert (stage.told["channel_id"], stage.told["channel_name"]) == ("D01ALICE", "directmessage")


async def test_connections_take_turns_and_outlive_each_other(tmp_path: Path) -> None:
    first, second = Peer(), Peer()
    async with workspace(tmp_path) as slack, in_socket_mode(slack, first.attach(slack)):
        async with in_socket_mode(slack, second.attach(slack)):
            for _ in range(4):
                await slack.post("command", user="alice", channel="general", text="/octopod list")
            assert (len(first.told), len(second.told)) == (2, 2)
        assert (await slack.post("command", user="alice", channel="general", text="/octopod list"))["ok"]
        assert len(first.told) == 3


async def test_many_at_once(tmp_path: Path) -> None:
    peer = Peer()
    async with workspace(tmp_path) as slack, in_socket_mode(slack, peer.attach(slack)):
        texts = [f"/octopod deploy branch-{n}" for n in range(50)]
        made = await asyncio.gather(*(slack.post("command", user="alice", channel="general", text=t) for t in texts))
    assert all(answer["ok"] for answer in made)
    assert sorted(told["text"] for told in peer.told) == sorted(text.removeprefix("/octopod ") for text in texts)
