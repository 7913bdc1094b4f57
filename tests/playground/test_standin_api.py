"""The stand-in's Web API, as Slack's own SDK sees it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from standin_kit import Clock, Workspace, actions, button, messages_in, refusal, section, workspace

METADATA = {"event_type": "notice", "event_payload": {"id": 7}}


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path) as there:
        yield there


async def test_the_sdk_knows_who_it_is(slack: Workspace) -> None:
    answer = await slack.client.auth_test()
    assert (answer["user"], answer["user_id"], answer["bot_id"]) == ("octopod", "U00OCTOPOD", "B00OCTOPOD")


async def test_tokens_are_told_apart(slack: Workspace) -> None:
    async def as_(token: str | None, method: str) -> str:
        client = AsyncWebClient(token=token, base_url=f"{slack.base}/api/", session=slack.http)
        return await refusal(client.api_call(method))

    assert await as_(None, "auth.test") == "not_authed"
    assert await as_("xoxb-wrong", "auth.test") == "invalid_auth"
    assert await as_(slack.secrets.app_token, "auth.test") == "not_allowed_token_type"
    assert await as_(slack.secrets.bot_token, "apps.connections.open") == "not_allowed_token_type"
    assert await as_(slack.secrets.bot_token, "no.such") == "unknown_method"


async def test_a_message_is_posted_edited_and_deleted(slack: Workspace) -> None:
    ts = await slack.posted("one", blocks=[section("*one*")], metadata=METADATA)
    assert [(m["text"], m["metadata"]) for m in await slack.messages("stagings")] == [("one", METADATA)]

    await slack.client.chat_update(channel="C02STAGINGS", ts=ts, text="two")
    [seen] = await slack.messages("stagings")
    assert (seen["text"], seen["blocks"][0]["text"]["text"], seen["metadata"]) == ("two", "*one*", METADATA)
    assert seen["edited"]["user"] == "U00OCTOPOD"

    await slack.client.chat_update(channel="C02STAGINGS", ts=ts, text="three", blocks=[], metadata={})
    [seen] = await slack.messages("stagings")
    assert (seen["blocks"], seen["metadata"]) == ([], None)

    await slack.client.chat_delete(channel="C02STAGINGS", ts=ts)
    assert await slack.messages("stagings") == []


async def test_blocks_and_elements_get_ids(slack: Workspace) -> None:
    element = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    answer = await slack.client.chat_postMessage(channel="stagings", text="x", blocks=[actions(element), section("s")])
    first, second = answer["message"]["blocks"]
    assert first["block_id"] and second["block_id"] and first["block_id"] != second["block_id"]
    assert first["elements"][0]["action_id"]


async def test_a_form_works_like_json(slack: Workspace) -> None:
    form = {"channel": "stagings", "text": "x", "blocks": '[{"type":"divider"}]', "token": slack.secrets.bot_token}
    async with slack.http.post(f"{slack.base}/api/chat.postMessage", data=form) as answer:
        assert (await answer.json())["message"]["blocks"][0]["type"] == "divider"


async def test_histories_leave_out_replies_and_private_messages(slack: Workspace) -> None:
    parent = await slack.posted("parent", metadata=METADATA)
    reply = await slack.posted("reply", thread_ts=parent)
    await slack.posted("shown", thread_ts=parent, reply_broadcast=True)
    await slack.client.chat_postEphemeral(channel="stagings", user="U01ALICE", text="psst")

    history = await slack.client.conversations_history(channel="C02STAGINGS")
    assert [m["text"] for m in history["messages"]] == ["shown", "parent"]
    assert "metadata" not in history["messages"][1]
    assert history["messages"][1]["reply_count"] == 2

    for ts in (parent, reply):  # any message of a thread names it
        replies = await slack.client.conversations_replies(channel="C02STAGINGS", ts=ts, include_all_metadata=True)
        assert [m["text"] for m in replies["messages"]] == ["parent", "reply", "shown"]
        assert replies["messages"][0]["metadata"] == METADATA
    assert await refusal(slack.client.conversations_replies(channel="C02STAGINGS", ts="1.000001")) == "thread_not_found"


async def test_histories_are_paged_and_cut_by_time(slack: Workspace) -> None:
    all_ts = [await slack.posted(str(n)) for n in range(5)]
    seen, cursor = [], ""
    while True:
        page = await slack.client.conversations_history(channel="C02STAGINGS", limit=2, cursor=cursor)
        seen += [m["text"] for m in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            break
    assert seen == ["4", "3", "2", "1", "0"]

    async def between(**more: object) -> list[str]:
        page = await slack.client.conversations_history(channel="C02STAGINGS", **more)  # type: ignore[arg-type]
        return [m["text"] for m in page["messages"]]

    assert await between(oldest=all_ts[1], latest=all_ts[3]) == ["2"]
    assert await between(oldest=all_ts[1], latest=all_ts[3], inclusive=True) == ["3", "2", "1"]


async def test_a_thread_outlives_its_parent(slack: Workspace) -> None:
    parent = await slack.posted("parent")
    await slack.posted("reply", thread_ts=parent)
    await slack.client.chat_delete(channel="C02STAGINGS", ts=parent)
    replies = await slack.client.conversations_replies(channel="C02STAGINGS", ts=parent)
    assert [m.get("subtype") for m in replies["messages"]] == ["tombstone", None]


async def test_a_reply_to_a_deleted_message_lands_in_the_channel(slack: Workspace) -> None:
    """Slack does not refuse it (slack-go/slack#1571); only the missing thread_ts tells."""
    parent = await slack.posted("parent")
    await slack.client.chat_delete(channel="C02STAGINGS", ts=parent)
    answer = await slack.client.chat_postMessage(channel="C02STAGINGS", text="reply", thread_ts=parent)
    assert "thread_ts" not in answer["message"]


async def test_people_and_groups(slack: Workspace) -> None:
    assert (await slack.client.users_info(user="U03CAROL"))["user"]["is_admin"] is True
    assert (await slack.client.users_lookupByEmail(email="bob@example.com"))["user"]["id"] == "U02BOB"
    assert "alice" in [user["name"] for user in (await slack.client.users_list())["members"]]
    [group] = (await slack.client.usergroups_list(include_users=True))["usergroups"]
    assert (group["handle"], group["users"]) == ("platform", ["U03CAROL"])
    assert (await slack.client.usergroups_users_list(usergroup=group["id"]))["users"] == ["U03CAROL"]


async def test_channels(slack: Workspace) -> None:
    listed = (await slack.client.conversations_list())["channels"]
    assert [c["name"] for c in listed] == ["general", "stagings", "stagings-alerts"]
    page = await slack.client.conversations_list(limit=2)
    rest = await slack.client.conversations_list(limit=2, cursor=page["response_metadata"]["next_cursor"])
    assert [c["name"] for c in rest["channels"]] == ["stagings-alerts"]
    assert (await slack.client.conversations_info(channel="C01GENERAL"))["channel"]["is_member"] is True
    assert "U01ALICE" in (await slack.client.conversations_members(channel="C01GENERAL"))["members"]


async def test_direct_messages(slack: Workspace) -> None:
    opened = (await slack.client.conversations_open(users="U01ALICE"))["channel"]["id"]
    await slack.client.chat_postMessage(channel=opened, text="by channel")
    await slack.client.chat_postMessage(channel="U01ALICE", text="by person")
    assert [m["text"] for m in await slack.messages(opened)] == ["by channel", "by person"]
    kinds = await slack.client.conversations_list(types="im")
    assert [c["user"] for c in kinds["channels"]] == ["U01ALICE"]


async def test_permalinks_and_reactions(slack: Workspace) -> None:
    ts = await slack.posted()
    link = (await slack.client.chat_getPermalink(channel="C02STAGINGS", message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/C02STAGINGS/p{ts.replace('.', '')}")
    await slack.client.reactions_add(channel="C02STAGINGS", timestamp=ts, name="eyes")
    assert (await slack.messages("stagings"))[0]["reactions"] == {"eyes": ["U00OCTOPOD"]}


async def test_a_file_is_uploaded_into_a_thread(slack: Workspace) -> None:
    parent = await slack.posted()
    await slack.client.files_upload_v2(
        channel="C02STAGINGS",
        thread_ts=parent,
        filename="web.log",
        title="Logs",
        content="line 1\n",
        initial_comment="!",
    )
    message = (await slack.messages("stagings"))[-1]
    assert (message["thread_ts"], message["text"], message["files"][0]["title"]) == (parent, "!", "Logs")
    async with slack.http.get(slack.base + message["files"][0]["url_private"]) as answer:
        assert await answer.text() == "line 1\n"
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_home_tab_is_published(slack: Workspace) -> None:
    home = {"type": "home", "blocks": [section("Your stagings")]}
    made = (await slack.client.views_publish(user_id="U01ALICE", view=home))["view"]
    assert (await slack.state())["homes"]["U01ALICE"]["blocks"][0]["text"]["text"] == "Your stagings"
    assert await refusal(slack.client.views_publish(user_id="U01ALICE", view=home, hash="1.old")) == "hash_conflict"
    await slack.client.views_publish(user_id="U01ALICE", view=home, hash=made["hash"])


async def test_the_state_can_be_waited_for(slack: Workspace) -> None:
    seq = (await slack.state())["seq"]
    waiting = asyncio.create_task(slack.state(seq, 5))
    await slack.posted("now")
    changed = await waiting
    assert changed["seq"] > seq and changed["token"] == slack.secrets.bot_token
    assert [m["text"] for m in messages_in(changed, "stagings")] == ["now"]
    assert (await slack.state(changed["seq"], 0.05))["seq"] == changed["seq"]


async def test_timestamps_grow_even_when_the_clock_does_not(tmp_path: Path) -> None:
    clock = Clock()
    async with workspace(tmp_path, clock=clock) as slack:
        first = await slack.posted()
        clock.now -= 60
        second = await slack.posted()
    async with workspace(tmp_path, clock=clock) as slack:
        assert first < second < await slack.posted()


async def test_the_log_never_holds_a_token(slack: Workspace) -> None:
    await slack.posted(f"oops {slack.secrets.signing_secret} {slack.secrets.bot_token}")
    client = AsyncWebClient(token=slack.secrets.app_token, base_url=f"{slack.base}/api/", session=slack.http)
    await client.apps_connections_open(app_token=slack.secrets.app_token)
    async with slack.http.get(f"{slack.base}/_workspace/traffic") as answer:
        text = await answer.text()
    assert "chat.postMessage" in text and "apps.connections.open" in text
    assert not any(s in text for s in (slack.secrets.bot_token, slack.secrets.app_token, slack.secrets.signing_secret))


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with workspace(tmp_path) as slack:
        tokens = slack.secrets
        await slack.posted("kept", blocks=[actions(button("go"))], metadata=METADATA)
        await slack.client.views_publish(user_id="U02BOB", view={"type": "home", "blocks": []})
        before = await slack.state()
    async with workspace(tmp_path) as slack:
        assert slack.secrets == tokens
        assert await slack.state() == before
