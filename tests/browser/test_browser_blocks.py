"""Block Kit in the page, with a small Bolt app as the peer: elements, modals with errors and stacks, the home tab."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from browser_kit import DESKTOP, Person, focused, see, there
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from standin_kit import (
    Json,
    Workspace,
    actions,
    bolt_app,
    button,
    in_socket_mode,
    modal,
    plain,
    section,
    text_input,
    workspace,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


class Peer:
    """The app: what it heard, and how it answers a submission."""

    def __init__(self, slack: Workspace, app: AsyncApp) -> None:
        self.slack = slack
        self._clicks: asyncio.Queue[Json] = asyncio.Queue()
        self.values: list[Json] = []
        self.answers: list[Json] = []
        self.form: Json = modal()
        app.command("/octopod")(self._opened)
        app.action({"action_id": "push"})(self._pushed)
        app.action(re.compile(".+"))(self._clicked)
        app.event("app_home_opened")(self._looked)
        app.options({"action_id": "looked-up"})(self._suggested)
        app.options({"action_id": "several-looked-up"})(self._suggested)
        app.view("form")(self._submitted)

    async def _opened(self, ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=self.form)

    async def _pushed(self, ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=modal(section("The second"), title=plain("On top")))

    async def _clicked(self, ack: AsyncAck, action: Json) -> None:
        await ack()
        await self._clicks.put(action)

    async def _looked(self, event: Json) -> None:
        """What is published does not depend on it."""

    async def heard(self) -> Json:
        """The next click, as soon as the app has heard of it."""
        return await asyncio.wait_for(self._clicks.get(), 20)

    async def _suggested(self, ack: AsyncAck, payload: Json) -> None:
        await ack(options=[{"text": plain(f"{payload['value']} {n}"), "value": f"v{n}"} for n in range(3)])

    async def _submitted(self, ack: AsyncAck, view: Json) -> None:
        self.values.append(view["state"]["values"])
        await ack(**(self.answers.pop(0) if self.answers else {}))


@pytest_asyncio.fixture(loop_scope="session")
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    async with workspace(tmp_path) as slack:
        app = bolt_app(slack)
        made = Peer(slack, app)
        async with in_socket_mode(slack, app):
            yield made


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: "Browser", peer: Peer) -> AsyncIterator[Person]:
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    made = Person(await context.new_page(), peer.slack.base)
    await made.resize(DESKTOP)
    await made.page.goto(made.url)
    yield made
    assert made.complaints == []
    await context.close()


def options(*names: str) -> list[Json]:
    return [{"text": plain(name.title()), "value": name} for name in names]


def chooser(kind: str, action_id: str, **more: Any) -> Json:
    return {"type": kind, "action_id": action_id, **more}


async def test_text_is_shown_as_slack_shows_it(person: Person, peer: Peer) -> None:
    text = (
        "*bold* _italic_ ~gone~ `code` <https://example.com|a link> <@U01ALICE> <#C01GENERAL> &lt;b&gt; :tada:\n"
        "> quoted\n• first\n• second\n```\nlet x = 1;\n```\n<!date^1800000000^{date_num} {time}|some day>"
    )
    await peer.slack.posted("words", blocks=[section(text)])
    shown = person.messages.locator(".message").last
    for tag, said in (
        ("strong", "bold"),
        ("em", "italic"),
        ("s", "gone"),
        ("blockquote", "quoted"),
        ("pre", "let x = 1;"),
    ):
        await see(shown.locator(f".body {tag}").first, said)
    await see(shown.locator("a"), "a link")
    assert await shown.locator("a").get_attribute("rel") == "noopener noreferrer"
    await see(shown.locator(".mention.mine"), "@alice")
    await see(shown, "#general")
    await see(shown, "<b>")
    await see(shown, "🎉")
    assert await shown.locator(".item").count() == 2
    await see(shown.locator(".body time"), "2027-01-15 08:00")


async def test_nothing_that_is_said_becomes_html(person: Person, peer: Peer) -> None:
    bad = "<img src=x onerror=alert(1)> <javascript:alert(1)|click> &lt;script&gt;alert(1)&lt;/script&gt;"
    await peer.slack.posted("x", blocks=[section(bad)])
    shown = person.messages.locator(".message").last
    await see(shown, "<script>alert(1)</script>")
    assert await shown.locator(".body").locator("img, script, a").count() == 0


async def test_every_block_has_its_place(person: Person, peer: Peer) -> None:
    picture = {"type": "image", "image_url": f"{peer.slack.base}/octopus.svg", "alt_text": "an octopus"}
    await peer.slack.posted(
        "all",
        blocks=[
            {"type": "header", "text": plain("A header")},
            section("with a picture", accessory=picture),
            {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*Field {n}*\nvalue"} for n in range(4)]},
            {"type": "divider"},
            {"type": "context", "elements": [picture, {"type": "mrkdwn", "text": "small print"}]},
            {**picture, "title": plain("A title")},
        ],
    )
    shown = person.messages.locator(".message").last
    await see(shown.locator("h3"), "A header")
    assert await shown.get_by_alt_text("an octopus").count() == 3
    await there(shown.locator("hr"))
    boxes = [await field.bounding_box() for field in await shown.locator(".fields > div").all()]
    assert len({box["y"] for box in boxes if box}) == 1  # side by side, for there is room


async def test_buttons_menus_and_pickers_tell_the_app(person: Person, peer: Peer) -> None:
    ask = {"title": plain("Sure?"), "text": plain("Really."), "confirm": plain("Do it"), "deny": plain("Keep it")}
    await peer.slack.posted(
        "controls",
        blocks=[
            actions(
                button("careful", style="danger", confirm={**ask, "style": "danger"}),
                chooser("overflow", "more", options=options("one", "two")),
                chooser("static_select", "pick", placeholder=plain("Pick one"), options=options("red", "green")),
                chooser("users_select", "who", placeholder=plain("Who")),
                chooser("datepicker", "day", initial_date="2026-01-02"),
            ),
            actions(
                chooser("external_select", "looked-up", placeholder=plain("Look up"), min_query_length=1),
                chooser("radio_buttons", "choose", options=options("left", "right")),
                chooser("checkboxes", "tick", options=options("north", "south")),
            ),
        ],
    )
    shown = person.messages.locator(".message").last
    await person.button("Careful", shown).click()
    await see(person.page.get_by_role("dialog"), "Really.")
    await person.button("Keep it").click()
    await person.button("Careful", shown).click()
    await person.button("Do it").click()
    assert (await peer.heard())["action_id"] == "careful"
    await person.button("More actions", shown).press("Enter")
    await person.press("ArrowDown", "Enter")
    assert (await peer.heard())["selected_option"]["value"] == "two"
    await shown.locator("select").first.select_option("green")
    assert (await peer.heard())["selected_option"]["value"] == "green"
    await shown.locator("select").last.select_option("U02BOB")
    assert (await peer.heard())["selected_user"] == "U02BOB"
    await shown.locator("[type=date]").fill("2026-03-04")
    await shown.locator("[type=date]").blur()
    assert (await peer.heard())["selected_date"] == "2026-03-04"
    await shown.get_by_placeholder("Look up").fill("oc")
    await shown.locator("datalist option").nth(2).wait_for(state="attached")
    await shown.get_by_placeholder("Look up").fill("oc 1")
    assert (await peer.heard())["selected_option"]["value"] == "v1"
    await shown.get_by_label("Right").check()
    assert (await peer.heard())["selected_option"]["value"] == "right"
    await shown.get_by_label("South").check()
    assert [one["value"] for one in (await peer.heard())["selected_options"]] == ["south"]


async def test_a_message_that_changes_leaves_the_keyboard_where_it_is(person: Person, peer: Peer) -> None:
    def blocks(text: str) -> list[Json]:
        menu = chooser("overflow", "more", options=options("one", "two"))
        return [section(text), actions(button("first"), menu), text_input("note", "note")]

    ts = await peer.slack.posted("changes", blocks=blocks("Before"))
    shown = person.messages.locator(".message").last
    for place, text in ((person.button("First", shown), "Once"), (person.button("More actions", shown), "Twice")):
        await place.focus()
        await peer.slack.client.chat_update(channel="C02STAGINGS", ts=ts, text="x", blocks=blocks(text))
        await see(shown, text)
        await focused(place)
    await shown.get_by_label("Name").fill("half a thou")
    await peer.slack.client.chat_update(channel="C02STAGINGS", ts=ts, text="x", blocks=blocks("Thrice"))
    await see(shown, "Thrice")
    await focused(shown.get_by_label("Name"))
    assert await shown.get_by_label("Name").input_value() == "half a thou"


async def test_a_modal_is_filled_refused_and_sent(person: Person, peer: Peer) -> None:
    page = person.page
    kinds: list[tuple[str, Json]] = [
        ("several", chooser("multi_static_select", "several", options=options("a", "b", "c"), max_selected_items=2)),
        (
            "search",
            chooser("multi_external_select", "several-looked-up", placeholder=plain("Find"), min_query_length=1),
        ),
        ("notes", chooser("rich_text_input", "notes")),
        ("time", chooser("timepicker", "time")),
        ("number", chooser("number_input", "number", is_decimal_allowed=False)),
    ]
    inputs = [
        {"type": "input", "block_id": block, "label": plain(block.title()), "element": element, "optional": True}
        for block, element in kinds
    ]
    peer.form = modal(text_input("name", "name"), *inputs, callback_id="form", title=plain("A form"))
    await person.type("/octopod form")
    form = page.get_by_role("dialog", name="A form")
    await focused(form.get_by_label("Name"))
    await person.look("modal")
    await form.get_by_role("button", name="Send").click()
    await see(form.locator("[data-block=name]"), "Please complete this required field.")
    await focused(form.get_by_label("Name"))
    await form.get_by_label("Name").fill("Octo")
    await form.get_by_label("A", exact=True).check()
    await form.get_by_label("C", exact=True).check()
    assert await form.get_by_label("B", exact=True).is_disabled()
    await form.get_by_placeholder("Find").fill("sea")
    await form.locator("datalist option").nth(2).wait_for(state="attached")
    await form.get_by_placeholder("Find").fill("sea 2")
    await there(form.get_by_role("button", name="Remove sea 2"))
    await form.get_by_label("Notes").fill("some words")
    await form.get_by_label("Time").fill("09:30")
    peer.answers.append({"response_action": "errors", "errors": {"name": "That name is taken."}})
    await form.get_by_role("button", name="Send").click()
    await see(form.locator("[data-block=name]"), "That name is taken.")
    await form.get_by_label("Name").fill("Pus")
    await form.get_by_role("button", name="Send").click()
    await there(form, False)
    sent = peer.values[-1]
    assert sent["name"]["name"]["value"] == "Pus"
    assert [one["value"] for one in sent["several"]["several"]["selected_options"]] == ["a", "c"]
    assert [one["value"] for one in sent["search"]["several-looked-up"]["selected_options"]] == ["v2"]
    assert sent["notes"]["notes"]["rich_text_value"]["elements"][0]["elements"][0]["text"] == "some words"
    assert sent["time"]["time"]["selected_time"] == "09:30"


async def test_modals_stand_on_each_other(person: Person, peer: Peer) -> None:
    page = person.page
    peer.form = modal(text_input("name", "name"), actions(button("push")), callback_id="form", title=plain("Below"))
    await person.type("/octopod form")
    below = page.get_by_role("dialog", name="Below")
    await below.get_by_role("button", name="Push").click()
    await there(page.get_by_role("dialog", name="On top"))
    await person.press("Escape")
    await there(below)
    await person.press("Escape")
    await there(page.get_by_role("dialog"), False)


async def test_what_the_app_publishes_is_the_home_tab(person: Person, peer: Peer) -> None:
    blocks = [section("*Hello* Alice"), actions(button("tidy"))]
    await peer.slack.client.views_publish(user_id="U01ALICE", view={"type": "home", "blocks": blocks})
    await person.page.locator("#apps").get_by_role("button", name="Home").click()
    await see(person.page.locator(".home-tab"), "Hello Alice")
    await person.button("Tidy").click()
    assert (await peer.heard())["action_id"] == "tidy"
    await peer.slack.client.views_publish(user_id="U01ALICE", view={"type": "home", "blocks": [section("Tidied")]})
    await see(person.page.locator(".home-tab"), "Tidied")
