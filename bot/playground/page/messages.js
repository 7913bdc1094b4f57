// Lists of messages: a channel's, and a thread's.

import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { clock, dateOf, day, dayName, full } from "./dates.js";
import { complaint, toast } from "./dialogs.js";
import { h, reconcile } from "./dom.js";
import { gathered } from "./elements.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { isAtEnd, newer, toEnd, walk } from "./scrolling.js";
import { bot, here, mentions, nameOf, user } from "./state.js";

/**
 * Draw `list` into `container`, which stays at its end if it was there. `replies` maps a parent's ts to {count, last},
 * `open(ts)` shows a thread; both are left out inside of one. `calls(place)` shows what made a message. `before()`: the
 * node that stands above all, if there is one.
 */
export function showMessages(container, channel, list, { replies, open, calls, before } = {}) {
  const atEnd = isAtEnd(container);
  const items = [...(before ? [{ before: "before" }] : []), ...withDays(list)];
  const had = container.drawn?.size ?? 0;
  reconcile(container, items, {
    key: (item) => item.before ?? item.day ?? `${channel.id}/${item.ts}`,
    stamp: (item) => JSON.stringify([item, replies?.get(item.ts), here.person]),
    draw: (item) => {
      if (item.before) return before();
      return item.day ? separator(item) : draw(item, channel, { thread: replies?.get(item.ts), open, calls });
    },
  });
  if (atEnd) toEnd(container);
  newer(container, !atEnd && items.length > had);
  walk(container, open);
}

function withDays(list) {
  return list.flatMap((message, at) => {
    const fresh = at === 0 || day(message.ts) !== day(list[at - 1].ts);
    return fresh ? [{ day: day(message.ts), name: dayName(message.ts) }, message] : [message];
  });
}

const separator = ({ name }) => h("div", { class: "day", role: "separator" }, h("span", {}, name));

function draw(message, channel, { thread, open, calls }) {
  const kinds = ["message", message.ephemeral_to && "ephemeral", mentions(message, here.person) && "for-me"];
  const at = dateOf(message.ts);
  const name = user(message.user)?.real_name ?? message.user;
  return h("article", { class: kinds.filter(Boolean).join(" "), "data-ts": message.ts, "data-spot": message.ts, tabindex: -1,
    "aria-label": `${name}, ${clock(message.ts)}${message.ephemeral_to ? ", only visible to you" : ""}` },
    avatar(message.user),
    h("div", { class: "content" },
      message.ephemeral_to && h("p", { class: "note" }, "Only visible to you"),
      message.broadcast && open && h("p", { class: "note" }, "Replied to a thread"),
      h("header", {},
        h("strong", {}, name),
        user(message.user)?.is_bot && h("span", { class: "app" }, "app"),
        h("time", { datetime: at.toISOString(), title: full(at) }, clock(message.ts)),
        message.edited && h("small", { class: "edited" }, "edited"),
        handles(message, channel, open, calls)),
      body(message, channel),
      reactions(message),
      thread && open && summary(message, thread, open)));
}

/** What can be done with a message. */
function handles(message, channel, open, calls) {
  const spot = (name) => `${message.ts}/${name}`;
  const dismiss = async () => {
    const answer = await act("dismiss", { user: here.person, channel: channel.id, ts: message.ts });
    if (!answer.ok) toast(complaint(answer));
  };
  return h("span", { class: "handles" },
    calls && user(message.user)?.is_bot && h("button", { class: "quiet glyph", title: "Show the call that made this",
      "aria-label": "Show the call that made this", "data-spot": spot("calls"),
      onclick: () => calls({ channel: channel.id, ts: message.ts }) }, "{ }"),
    open && !message.ephemeral_to && h("button", { class: "quiet reply", "data-spot": spot("reply"),
      onclick: () => open(message.thread_ts ?? message.ts) }, "Reply", h("span", { class: "word" }, " in thread")),
    message.ephemeral_to && h("button", { class: "quiet dismiss", "data-spot": spot("dismiss"), onclick: dismiss }, "Dismiss"));
}

function avatar(id) {
  const who = user(id);
  if (id === bot()?.id) return h("img", { class: "avatar", src: "/octopus.svg", alt: "", width: 36, height: 36 });
  return h("span", { class: `avatar ${who?.is_bot ? "someone" : who?.name ?? "someone"}`, "aria-hidden": "true" },
    (who?.real_name ?? "?").charAt(0));
}

function body(message, channel) {
  if (message.deleted) return h("p", { class: "unknown" }, "This message was deleted.");
  const place = inMessage(message, channel);
  const shown = message.blocks.length ? blocks(message.blocks, place) : h("div", { class: "text" }, mrkdwn(message.text));
  return h("div", { class: "body" }, shown, (message.attachments ?? []).map((one) => attachment(one, place)),
    (message.files ?? []).map(file));
}

function attachment(one, place) {
  const text = one.blocks ? blocks(one.blocks, place) : mrkdwn(one.text ?? one.fallback ?? "");
  return h("div", { class: "attachment" }, one.pretext && mrkdwn(one.pretext), one.title && h("strong", {}, one.title), text);
}

function file(one) {
  const name = one.title || one.name;
  return h("p", { class: "file" }, h("a", { href: `/_files/${one.id}/${encodeURIComponent(one.name)}`, download: one.name },
    `${name} (${one.size} bytes)`));
}

function reactions(message) {
  const given = Object.entries(message.reactions ?? {});
  if (!given.length) return null;
  return h("ul", { class: "reactions", "aria-label": "Reactions" }, given.map(([name, who]) =>
    h("li", { title: `${who.map(nameOf).join(", ")} reacted with :${name}:` }, `${emoji(name) ?? `:${name}:`} ${who.length}`)));
}

function summary(message, { count, last }, open) {
  return h("button", { class: "quiet thread-summary", "data-spot": `${message.ts}/thread`, onclick: () => open(message.ts) },
    h("strong", {}, count === 1 ? "1 reply" : `${count} replies`), ` last at ${clock(last)}`);
}

/** Where elements of a message stand; see elements.js. */
function inMessage(message, channel) {
  const where = (spec, block) => ({
    user: here.person, channel: channel.id, ts: message.ts, action_id: spec.action_id, block_id: block.block_id,
  });
  const beside = () => {
    const node = document.querySelector(`#${here.thread ? "thread" : "channel"} [data-ts="${message.ts}"]`)
      ?? document.querySelector(`[data-ts="${message.ts}"]`);
    return node ? gathered(node) : {};
  };
  return {
    async act(spec, block, value) {
      const answer = await act("click", { ...where(spec, block), value, values: beside() });
      // What the bot failed to do is told by Slackbot, in the channel.
      if (answer.status !== 200) toast(complaint(answer));
    },
    async suggest(spec, block, value) {
      const answer = await act("suggest", { ...where(spec, block), value });
      return answer.options ?? (answer.option_groups ?? []).flatMap((group) => group.options);
    },
  };
}
