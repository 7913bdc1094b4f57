// What can be tried: each one click that types a command and sends it. A first visit offers three of them.

import { h } from "./dom.js";

export const TRIES = [
  { name: "deploy orange-button", text: "/octopod deploy orange-button", why: "A branch gets a staging of its own, with a URL." },
  { name: "break the login", text: "/octopod deploy broken-login", why: "A branch that starts well, and whose login page is wrong. Soon #stagings-alerts says who did it." },
  { name: "push a commit", text: "/playground push orange-button", why: "Other words on the shop's page. Its staging is updated by itself." },
];

/** In the menu only: more that goes wrong, each with another cause. The stagings are those of TRIES. */
export const TROUBLE = [
  { name: "break main", text: "/playground break main" },
  { name: "start from a broken main", text: "/playground branch late" },
  { name: "deploy what started there", text: "/octopod deploy late" },
  { name: "mend main", text: "/playground mend main" },
  { name: "misspell a configuration", text: '/octopod config orange-button --env "GREETING=Already {order} sold"' },
  { name: "order under an odd name", text: "/playground order orange-button Ada  Lovelace" },
];

/** Whether nobody has deployed anything here: what the project deploys by itself, its main, is nobody's. */
export function nobodyDeployed(channel) {
  return channel?.name === "stagings" && !channel.messages.some(isSomebodys);
}

const isSomebodys = ({ by_app, ephemeral_to, blocks, text }) =>
  by_app && !ephemeral_to && /<@U/.test(text + JSON.stringify(blocks));

/** `enter(text)` types and sends. */
export function welcome(enter) {
  const offer = ({ name, text, why }) => h("li", {},
    h("button", { class: "offer", onclick: () => enter(text) },
      h("strong", {}, name), h("code", {}, text), h("small", {}, why)));
  return h("section", { class: "welcome", "aria-labelledby": "welcome-name" },
    h("img", { src: "/octopus.svg", alt: "", width: 56, height: 56 }),
    h("h3", { id: "welcome-name" }, "Every branch gets its own staging"),
    h("p", {}, "The bot is the real one, the shop behind it is a real git repository, and all of it runs on this machine. ",
      "Its main is deployed already and follows what is pushed. Three things to try:"),
    h("ul", { class: "offers" }, TRIES.map(offer)),
    h("p", { class: "note" }, "Or type ", h("kbd", {}, "/"), " below and see what there is. They stay in the menu “Try”."));
}
