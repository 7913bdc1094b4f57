// The left side: the channels, the app, as whom one looks. On a narrow screen it is a drawer.

import { act } from "./api.js";
import { h, reconcile } from "./dom.js";
import { DIRECT, HOME, direct, here, people, unread, world } from "./state.js";

const NONE = { count: 0, mentions: 0 };

/** `go(changes)` moves to another person, channel or thread. Returns how much is unread in all. */
export function showSidebar(go) {
  reconcile(document.getElementById("people"), people(), {
    key: (person) => person.id,
    stamp: (person) => person.real_name,
    draw: (person) => personChoice(person, go),
  });
  for (const radio of document.querySelectorAll("#people input")) radio.checked = radio.value === here.person;

  const channels = world.channels.filter((channel) => !channel.is_im).map((channel) => entry(channel, channel.name, "#"));
  const messages = direct();
  const apps = [
    { id: HOME, name: "Home", sign: "⌂", news: NONE },
    messages ? entry(messages, "Messages", "✉") : { id: DIRECT, name: "Messages", sign: "✉", news: NONE },
  ];
  list("channels", channels, go);
  list("apps", apps, go);
  return [...channels, ...apps].reduce((sum, { news }) => sum + news.count, 0);
}

const entry = (channel, name, sign) => ({ id: channel.id, name, sign, news: unread(channel) });

function personChoice(person, go) {
  return h("label", {},
    h("input", { type: "radio", name: "person", value: person.id, onchange: () => go({ person: person.id, thread: here.thread }) }),
    h("span", { class: `avatar ${person.name}`, "aria-hidden": "true" }, person.real_name.charAt(0)), person.real_name,
    person.is_admin && h("small", {}, " admin"));
}

function list(id, entries, go) {
  reconcile(document.getElementById(id), entries, {
    key: (item) => item.id,
    stamp: (item) => JSON.stringify([item, item.id === here.channel]),
    draw: ({ id: channel, name, sign, news }) => {
      const open = () => {
        if (channel === HOME) act("home", { user: here.person });
        go({ channel, thread: null });
      };
      const button = h("button", { class: news.count ? "unread" : null, "data-spot": channel, onclick: open,
        "aria-current": channel === here.channel ? "page" : null },
      h("span", { class: "sign", "aria-hidden": "true" }, sign), h("span", { class: "name" }, name), count(news));
      return h("li", {}, button);
    },
  });
}

/** A dot for news, a number for what mentions the person. */
function count({ count: all, mentions }) {
  if (!all) return null;
  const words = `${all} unread${mentions ? `, ${mentions} for you` : ""}`;
  return h("span", { class: mentions ? "count mentioned" : "count" },
    h("span", { "aria-hidden": "true" }, mentions || all), h("span", { class: "unseen" }, words));
}

/** The button that opens the side where there is no room for it. */
export function sidebarDrawer(button, side) {
  const set = (open) => {
    document.body.classList.toggle("with-sidebar", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => {
    set(!document.body.classList.contains("with-sidebar"));
    if (document.body.classList.contains("with-sidebar")) side.querySelector("[aria-current]")?.focus();
  });
  const close = () => {
    const inside = side.contains(document.activeElement);
    const open = document.body.classList.contains("with-sidebar");
    set(false);
    if (open && inside) button.focus();
  };
  side.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("pointerdown", (event) => {
    if (!side.contains(event.target) && !button.contains(event.target)) close();
  });
  return { close, news: (count) => button.classList.toggle("news", count > 0) };
}
