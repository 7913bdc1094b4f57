// The left side: as whom one looks, the channels, the app.

import { act } from "./api.js";
import { h, reconcile } from "./dom.js";
import { HOME, direct, here, people, unread, world } from "./state.js";

/** `go(changes)` moves to another person, channel or thread. Returns how much is unread in all. */
export function showSidebar(go) {
  reconcile(document.getElementById("people"), people(), {
    key: (person) => person.id,
    stamp: (person) => person.real_name,
    draw: (person) => personChoice(person, go),
  });
  for (const radio of document.querySelectorAll("#people input")) radio.checked = radio.value === here.person;

  const channels = world.channels.filter((channel) => !channel.is_im).map((channel) => entry(channel, `# ${channel.name}`));
  const messages = direct();
  const apps = [
    { id: HOME, name: "Octopod: home", news: { count: 0 } },
    messages ? entry(messages, "Octopod: messages") : { id: "@octopod", name: "Octopod: messages", news: { count: 0 } },
  ];
  list("channels", channels, go);
  list("apps", apps, go);
  return [...channels, ...apps].reduce((sum, { news }) => sum + news.count, 0);
}

const entry = (channel, name) => ({ id: channel.id, name, news: unread(channel) });

function personChoice(person, go) {
  return h("label", {},
    h("input", { type: "radio", name: "person", value: person.id, onchange: () => go({ person: person.id, thread: null }) }),
    h("span", { class: `avatar ${person.name}`, "aria-hidden": "true" }, person.real_name.charAt(0)), person.real_name,
    person.is_admin && h("small", {}, " admin"));
}

function list(id, entries, go) {
  reconcile(document.getElementById(id), entries, {
    key: (item) => item.id,
    stamp: (item) => JSON.stringify([item, item.id === here.channel]),
    draw: ({ id: channel, name, news }) => {
      const open = () => {
        if (channel === HOME) act("home", { user: here.person });
        go({ channel, thread: null });
      };
      const button = h("button", { class: news.count ? "unread" : null, "data-spot": channel, onclick: open,
        "aria-current": channel === here.channel ? "page" : null }, name,
        news.count ? h("span", { class: news.mentioned ? "count mentioned" : "count" }, news.count) : null);
      return h("li", {}, button);
    },
  });
}
