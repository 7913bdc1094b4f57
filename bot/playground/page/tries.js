// What a first visit offers: three things to try, each one click that types a command and sends it.

import { h } from "./dom.js";

export const TRIES = [
  { name: "deploy orange-button", text: "/octopod deploy orange-button", why: "A branch gets a staging of its own, with a URL." },
  { name: "break the login", text: "/octopod deploy broken-login", why: "A branch that starts well, and whose login page is wrong." },
  { name: "push a commit", text: "/playground push orange-button", why: "Other words on the shop's page; deploy again to see them." },
];

/** Whether nobody has deployed anything here: the channel of the stagings has no message of the bot for all. */
export function nothingDeployed(channel) {
  return channel?.name === "stagings" && !channel.messages.some((message) => message.by_app && !message.ephemeral_to);
}

/** `enter(text)` types and sends. */
export function welcome(enter) {
  const offer = ({ name, text, why }) => h("li", {},
    h("button", { class: "offer", onclick: () => enter(text) },
      h("strong", {}, name), h("code", {}, text), h("small", {}, why)));
  return h("section", { class: "welcome", "aria-labelledby": "welcome-name" },
    h("img", { src: "/octopus.svg", alt: "", width: 56, height: 56 }),
    h("h3", { id: "welcome-name" }, "Every branch gets its own staging"),
    h("p", {}, "The bot is the real one, the shop behind it is a real git repository, and all of it runs on this machine. ",
      "Nothing is deployed yet. Three things to try:"),
    h("ul", { class: "offers" }, TRIES.map(offer)),
    h("p", { class: "note" }, "Or type ", h("kbd", {}, "/"), " below and see what there is. They stay in the menu “Try”."));
}
