"""Where Slack is strict, so is the stand-in: a table of method, what is wrong with the call, Slack's error, and source.

Sources: a bare name is Slack's reference page of that method or block (docs.slack.dev/reference/…), which has the error
or the limit. "seen:" is what people report of the real Slack; "chosen:" is neither, and says what was chosen.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from standin_kit import Clock, Json, Workspace, actions, button, modal, plain, section, text_input, workspace

CHANNEL, NOWHERE, OLD = "C02STAGINGS", "C0NOWHERE", "1700000000.000001"
LONG = 3001


@dataclass(frozen=True)
class Case:
    """`body` may hold `TS`, `REPLY`, `HUMAN`: the bot's message, a reply to it, a message of Alice's."""

    method: str
    what: str
    body: Json
    error: str
    source: str


def post(what: str, error: str, source: str, **body: Any) -> Case:
    return Case("chat.postMessage", what, {"channel": CHANNEL, **body}, error, source)


def blocks(what: str, source: str, *given: Any) -> Case:
    return post(what, "invalid_blocks", source, text="x", blocks=list(given))


def option(text: str = "x", **more: Any) -> Json:
    return {"text": plain(text), "value": text[:1], **more}


def select(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": list(options), **more}


def confirm(**more: Any) -> Json:
    texts = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
    return actions(button("go", confirm=texts | more))


def view(what: str, error: str, source: str, given: Any, method: str = "views.open") -> Case:
    return Case(method, what, {"trigger_id": "TRIGGER", "view": given}, error, source)


ACTIONS, SECTION, CONTEXT, HEADER = "actions-block", "section-block", "context-block", "header-block"
BUTTON, SELECT, OPTION, CONFIRM = "button-element", "select-menu-element", "option-object", "confirmation-dialog-object"
HISTORY, REPLIES, POST, UPDATE = "conversations.history", "conversations.replies", "chat.postMessage", "chat.update"
LINK, REACT, UPLOAD = "chat.getPermalink", "reactions.add", "files.getUploadURLExternal"
SCHEMA = "seen: Block Kit's own JSON schema (gist bmorton/735dc80697359afd4a0c7d52b901844e)"

CASES = (
    # -- what a message says
    post("no text", "no_text", POST),
    post("40,001 characters", "msg_too_long", f"{POST}; its text says it truncates there", text="x" * 40_001),
    post("no channel", "channel_not_found", POST, channel=NOWHERE, text="x"),
    post("a name nobody has", "channel_not_found", POST, channel="#nowhere", text="x"),
    post("not a ts", "invalid_thread_ts", "seen: jenkinsci/slack-plugin#584", text="x", thread_ts="0"),
    post("blocks that are no JSON", "invalid_blocks_format", POST, text="x", blocks="[{"),
    post("blocks that are no list", "invalid_blocks_format", POST, text="x", blocks={"type": "divider"}),
    post("13,201 letters", "msg_blocks_too_long", "seen: bolt-js#2509", blocks=[section("x" * 2641)] * 5),
    Case("chat.postMessage", "no channel at all", {"text": "x"}, "invalid_arguments", POST),
    # -- metadata
    post("no JSON", "invalid_metadata_format", POST, text="x", metadata="{"),
    post("no payload", "invalid_metadata_format", POST, text="x", metadata={"event_type": "a"}),
    post("no type", "invalid_metadata_format", POST, text="x", metadata={"event_payload": {}}),
    post(
        "too much",
        "metadata_too_large",
        f"{POST}; chosen: 16 kB",
        text="x",
        metadata={"event_type": "a", "event_payload": {"b": "x" * 16_000}},
    ),
    # -- blocks
    blocks("51 blocks", "blocks", *[{"type": "divider"}] * 51),
    blocks("an unknown block", "blocks", {"type": "sektion"}),
    blocks("an unknown property", SCHEMA, section("x", colour="red")),
    blocks("a block_id of 256", "blocks", section("x", block_id="b" * 256)),
    blocks("a block_id twice", "blocks", section("x", block_id="b"), section("y", block_id="b")),
    blocks("3,001 characters", SECTION, section("x" * LONG)),
    blocks("an empty section", SECTION, section("")),
    blocks("neither text nor fields", SECTION, {"type": "section"}),
    blocks("11 fields", SECTION, {"type": "section", "fields": [plain("x")] * 11}),
    blocks("a field of 2,001", SECTION, {"type": "section", "fields": [plain("x" * 2001)]}),
    blocks("an accessory that is none", SECTION, section("x", accessory={"type": "nonsense"})),
    blocks("a header of 151", HEADER, {"type": "header", "text": plain("x" * 151)}),
    blocks("a header in mrkdwn", HEADER, {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
    blocks("11 in a context", CONTEXT, {"type": "context", "elements": [plain("x")] * 11}),
    blocks("no elements", ACTIONS, actions()),
    blocks("26 elements", ACTIONS, actions(*[button(f"b{n}") for n in range(26)])),
    blocks("an action_id twice", "seen: Slack's answer to it", actions(button("a"), button("a"))),
    blocks("an input's element in actions", ACTIONS, actions({"type": "plain_text_input", "action_id": "a"})),
    blocks("an action_id of 256", BUTTON, actions(button("a" * 256, text=plain("x")))),
    blocks("a label of 76", BUTTON, actions(button("a", text=plain("x" * 76)))),
    blocks("a label in mrkdwn", BUTTON, actions(button("a", text={"type": "mrkdwn", "text": "x"}))),
    blocks("no label", BUTTON, actions({"type": "button", "action_id": "a"})),
    blocks("a value of 2,001", BUTTON, actions(button("a", value="x" * 2001))),
    blocks("a link of 3,001", BUTTON, actions(button("a", url="x" * LONG))),
    blocks("a style of its own", BUTTON, actions(button("a", style="warning"))),
    blocks("101 options", SELECT, actions(select(*[option()] * 101))),
    blocks("no options", SELECT, actions(select())),
    blocks("options and groups", SELECT, actions(select(option(), option_groups=[]))),
    blocks("an initial option that is none", SELECT, actions(select(option(), initial_option=option("y")))),
    blocks("a placeholder of 151", SELECT, actions(select(option(), placeholder=plain("x" * 151)))),
    blocks("an option of 76", OPTION, actions(select(option("x" * 76)))),
    blocks("an option's value of 151", OPTION, actions(select(option("x", value="x" * 151)))),
    blocks("an option's description of 76", OPTION, actions(select(option("x", description=plain("x" * 76))))),
    blocks("a link in a select", OPTION, actions(select(option("x", url="http://x")))),
    blocks("6 in a menu", "overflow-menu-element", actions({"type": "overflow", "options": [option()] * 6})),
    blocks("11 boxes", "checkboxes-element", actions({"type": "checkboxes", "options": [option()] * 11})),
    blocks("a title of 101", CONFIRM, confirm(title=plain("x" * 101))),
    blocks("a text of 301", CONFIRM, confirm(text=plain("x" * 301))),
    blocks("a yes of 31", CONFIRM, confirm(confirm=plain("x" * 31))),
    blocks("a no of 31", CONFIRM, confirm(deny=plain("x" * 31))),
    # -- editing and deleting
    Case("chat.update", "no message", {"channel": CHANNEL, "ts": OLD, "text": "x"}, "message_not_found", UPDATE),
    Case("chat.update", "a person's", {"channel": CHANNEL, "ts": "HUMAN", "text": "x"}, "cant_update_message", UPDATE),
    Case("chat.update", "no channel", {"channel": NOWHERE, "ts": "TS", "text": "x"}, "channel_not_found", UPDATE),
    Case("chat.update", "by name", {"channel": "stagings", "ts": "TS", "text": "x"}, "channel_not_found", UPDATE),
    Case("chat.update", "nothing new", {"channel": CHANNEL, "ts": "TS"}, "no_text", UPDATE),
    Case(
        "chat.update",
        "4,001 characters",
        {"channel": CHANNEL, "ts": "TS", "text": "x" * 4001},
        "msg_too_long",
        "seen: seratch/ChatGPT-in-Slack#102",
    ),
    Case(
        "chat.update",
        "too many blocks",
        {"channel": CHANNEL, "ts": "TS", "blocks": [{"type": "divider"}] * 51},
        "invalid_blocks",
        UPDATE,
    ),
    Case("chat.delete", "no message", {"channel": CHANNEL, "ts": OLD}, "message_not_found", "chat.delete"),
    Case("chat.delete", "a person's", {"channel": CHANNEL, "ts": "HUMAN"}, "cant_delete_message", "chat.delete"),
    Case(
        "chat.postEphemeral",
        "nobody there",
        {"channel": CHANNEL, "user": "U0NOBODY", "text": "x"},
        "user_not_in_channel",
        "chat.postEphemeral",
    ),
    Case(LINK, "no message", {"channel": CHANNEL, "message_ts": OLD}, "message_not_found", LINK),
    Case(
        REACT,
        "no message",
        {"channel": CHANNEL, "timestamp": OLD, "name": "eyes"},
        "message_not_found",
        REACT,
    ),
    Case(REACT, "no name", {"channel": CHANNEL, "timestamp": "TS", "name": "?"}, "invalid_name", REACT),
    Case(
        REACT,
        "twice",
        {"channel": CHANNEL, "timestamp": "REPLY", "name": "eyes"},
        "already_reacted",
        REACT,
    ),
    # -- reading
    Case("conversations.info", "no channel", {"channel": NOWHERE}, "channel_not_found", "conversations.info"),
    Case("conversations.members", "no channel", {"channel": NOWHERE}, "channel_not_found", "conversations.members"),
    Case("conversations.list", "a type of its own", {"types": "secret"}, "invalid_types", "conversations.list"),
    Case("conversations.list", "a cursor of its own", {"cursor": "x"}, "invalid_cursor", "conversations.list"),
    Case("conversations.list", "a limit of its own", {"limit": "x"}, "invalid_limit", "conversations.list"),
    Case("conversations.open", "with nobody", {}, "users_list_not_supplied", "conversations.open"),
    Case("conversations.open", "with no user", {"users": "U0NOBODY"}, "user_not_found", "conversations.open"),
    Case("conversations.open", "with a bot", {"users": "U00OCTOPOD"}, "cannot_dm_bot", "conversations.open"),
    Case(HISTORY, "no channel", {"channel": NOWHERE}, "channel_not_found", HISTORY),
    Case(HISTORY, "no time", {"channel": CHANNEL, "oldest": "yesterday"}, "invalid_ts_oldest", HISTORY),
    Case(HISTORY, "no end", {"channel": CHANNEL, "latest": "tomorrow"}, "invalid_ts_latest", HISTORY),
    Case(REPLIES, "no thread", {"channel": CHANNEL, "ts": OLD}, "thread_not_found", REPLIES),
    Case("users.info", "nobody", {"user": "U0NOBODY"}, "user_not_found", "users.info"),
    Case("users.lookupByEmail", "nobody", {"email": "x@example.com"}, "users_not_found", "users.lookupByEmail"),
    Case("usergroups.users.list", "no group", {"usergroup": "S0"}, "no_such_subteam", "usergroups.users.list"),
    # -- views
    view("an unknown trigger", "invalid_trigger_id", "views.open", modal()) ,
    view("a title of 25", "invalid_arguments", "modal-views", modal(title=plain("x" * 25))),
    view("101 blocks", "invalid_arguments", "modal-views", modal(*[{"type": "divider"}] * 101)),
    view("notes of 3,001", "invalid_arguments", "modal-views", modal(private_metadata="x" * LONG)),
    view("a callback_id of 256", "invalid_arguments", "modal-views", modal(callback_id="x" * 256)),
    view("no title", "invalid_arguments", "modal-views", {"type": "modal", "blocks": []}),
    view("inputs without submit", "invalid_arguments", "modal-views", modal(text_input("a", "b"), submit=None)),
    view("a home tab", "invalid_arguments", "views.open", {"type": "home", "blocks": []}),
    view("more than 250 kB", "view_too_large", "views.open", modal(*[section("x" * 2999)] * 90)),
    view("nothing to push on", "invalid_trigger_id", "views.push", modal(), "views.push"),
    Case("views.update", "no view", {"view_id": "V0", "view": modal()}, "not_found", "views.update"),
    Case("views.publish", "a modal", {"user_id": "U01ALICE", "view": modal()}, "invalid_arguments", "views.publish"),
    Case(
        "views.publish",
        "101 blocks",
        {"user_id": "U01ALICE", "view": {"type": "home", "blocks": [{"type": "divider"}] * 101}},
        "invalid_arguments",
        "views.publish",
    ),
    # -- files
    Case(UPLOAD, "no length", {"filename": "x"}, "invalid_arguments", UPLOAD),
    Case(
        "files.completeUploadExternal",
        "no file",
        {"files": [{"id": "F0"}]},
        "file_not_found",
        "files.completeUploadExternal",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strict")


@pytest.fixture
async def slack(folder: Path) -> AsyncIterator[Workspace]:
    async with workspace(folder) as there:
        yield there


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}: {case.what}")
async def test_refused_as_slack_refuses(slack: Workspace, case: Case) -> None:
    ts = await slack.posted()
    reply = await slack.posted(thread_ts=ts)
    await slack.client.reactions_add(channel=CHANNEL, timestamp=reply, name="eyes")
    human = (await slack.post("message", user="alice", channel=CHANNEL, text="hi"))["ts"]
    known = {"TS": ts, "REPLY": reply, "HUMAN": human}
    body = {key: known.get(value, value) if isinstance(value, str) else value for key, value in case.body.items()}
    before = await slack.state()

    answer = await slack.call(case.method, **body)

    assert (answer["ok"], answer["error"]) == (False, case.error)
    if case.error in ("invalid_blocks", "invalid_arguments"):
        assert answer["response_metadata"]["messages"][0].startswith("[ERROR] ")
    assert await slack.state() == before  # a refused call changes nothing


ALLOWED = (
    ("50 blocks", {"blocks": [{"type": "divider"}] * 50}),
    ("3,000 characters", {"blocks": [section("x" * 3000)]}),
    ("10 fields of 1,000", {"blocks": [{"type": "section", "fields": [plain("x" * 1000)] * 10}]}),
    ("a header of 150", {"blocks": [{"type": "header", "text": plain("x" * 150)}]}),
    ("25 buttons of 75", {"blocks": [actions(*[button(f"b{n}", text=plain("x" * 75)) for n in range(25)])]}),
    ("100 options", {"blocks": [actions(select(*[option()] * 100))]}),
    ("10 in a context", {"blocks": [{"type": "context", "elements": [plain("x")] * 10}]}),
    ("a value of 2,000 and a link of 3,000", {"blocks": [actions(button("a", value="x" * 2000, url="x" * 3000))]}),
    ("a dialog", {"blocks": [confirm(style="danger")]}),
    ("40,000 characters", {"text": "x" * 40_000}),
)


@pytest.mark.parametrize("body", [body for _, body in ALLOWED], ids=[what for what, _ in ALLOWED])
async def test_the_limits_themselves_are_allowed(slack: Workspace, body: Json) -> None:
    assert (await slack.call("chat.postMessage", channel=CHANNEL, **body))["ok"]


async def test_the_place_of_a_mistake_is_told_as_slack_tells_it(slack: Workspace) -> None:
    answer = await slack.call("chat.postMessage", channel=CHANNEL, blocks=[section("x" * LONG)])
    told = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [told]


async def test_an_archived_channel_takes_nothing(tmp_path: Path) -> None:
    async with workspace(tmp_path) as slack:
        ts = await slack.posted()
        await slack.post("channel", channel="stagings", archived=True)
        assert await slack.error("chat.postMessage", channel=CHANNEL, text="x") == "is_archived"
        assert await slack.error("chat.update", channel=CHANNEL, ts=ts, text="x") == "is_archived"


async def test_outside_of_a_channel_nothing_of_it_is_seen(tmp_path: Path) -> None:
    async with workspace(tmp_path) as slack:
        ts = await slack.posted()
        await slack.post("channel", channel="stagings", bot_member=False)
        for method, body in (
            ("chat.postMessage", {"text": "x"}),
            ("chat.update", {"ts": ts, "text": "x"}),
            ("chat.postEphemeral", {"user": "U01ALICE", "text": "x"}),
            ("conversations.history", {}),
            ("conversations.replies", {"ts": ts}),
        ):
            assert await slack.error(method, channel=CHANNEL, **body) == "not_in_channel"
        assert (await slack.call("conversations.info", channel=CHANNEL))["channel"]["is_member"] is False


async def test_a_trigger_opens_one_view_within_three_seconds(tmp_path: Path) -> None:
    clock = Clock()
    async with workspace(tmp_path, clock=clock, ack_seconds=0.05) as slack:

        async def trigger() -> str:
            await slack.post("command", user="alice", channel="general", text="/octopod new")  # nobody acks
            async with slack.http.get(f"{slack.base}/_workspace/traffic") as answer:
                return str((await answer.json())["entries"][-1]["body"]["trigger_id"])

        first = await trigger()
        assert await slack.error("views.open", trigger_id=first, view=modal()) == ""
        assert await slack.error("views.open", trigger_id=first, view=modal()) == "exchanged_trigger_id"
        second = await trigger()
        clock.now += 3.1
        assert await slack.error("views.open", trigger_id=second, view=modal()) == "expired_trigger_id"


async def test_views_have_hashes_names_and_an_end(tmp_path: Path) -> None:
    async with workspace(tmp_path, ack_seconds=0.05) as slack:

        async def open_(**more: Any) -> Json:
            await slack.post("command", user="alice", channel="general", text="/octopod new")
            async with slack.http.get(f"{slack.base}/_workspace/traffic") as answer:
                trigger = (await answer.json())["entries"][-1]["body"]["trigger_id"]
            return await slack.call("views.open", trigger_id=trigger, view=modal(**more))

        made = (await open_(external_id="one"))["view"]
        changed = {"external_id": "one", "view": modal(section("x"), external_id="one")}
        assert await slack.error("views.update", **changed, hash="1.stale") == "hash_conflict"
        assert await slack.error("views.update", **changed, hash=made["hash"]) == ""
        assert (await open_(external_id="one"))["error"] == "duplicate_external_id"
