// Shortcuts of the whole page. Inside lists and menus the arrows belong to those.

import { h } from "./dom.js";
import { here, world } from "./state.js";

const KEYS = [
  ["Alt ↑ / Alt ↓", "the channel above or below"],
  ["F6", "the next part of the page"],
  ["Alt I", "open or close the inspector"],
  ["↑ / ↓ in messages", "the message before or after"],
  ["Enter on a message", "its thread"],
  ["↑ in an empty composer", "what was sent last"],
  ["Tab or Enter in the composer", "take the suggestion"],
  ["Escape", "close what is open: suggestions, menu, thread, inspector"],
  ["Ctrl /", "this list"],
];
const PARTS = ["#sidebar", "#messages", "#composer", "#replies", "#reply-composer", "#inspector"];

/** Returns what shows the list of shortcuts. */
export function keyboard({ go, inspector }) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const pressed = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.code].filter(Boolean).join("+");
    const action = {
      "Alt+KeyI": inspector,
      "Alt+ArrowUp": () => neighbour(-1, go),
      "Alt+ArrowDown": () => neighbour(1, go),
      F6: () => nextPart(event.shiftKey ? -1 : 1),
      "Ctrl+Slash": shortcuts,
    }[pressed];
    if (!action) return;
    event.preventDefault();
    action();
  });
  return shortcuts;
}

function neighbour(step, go) {
  const channels = world.channels.filter((channel) => !channel.is_im);
  const at = channels.findIndex(({ id }) => id === here.channel);
  const next = channels.at((at + step) % channels.length);
  if (next) go({ channel: next.id, thread: null });
}

function nextPart(step) {
  const shown = PARTS.map((part) => document.querySelector(part)).filter((node) => node.checkVisibility());
  const at = shown.findIndex((node) => node.contains(document.activeElement));
  const part = shown.at((at + step) % shown.length);
  (part.matches(".messages") ? part : part.querySelector("textarea, [aria-current], button, input"))?.focus();
}

function shortcuts() {
  const dialog = h("dialog", { class: "shortcuts", "aria-labelledby": "shortcuts-name" },
    h("h2", { id: "shortcuts-name" }, "Keyboard"),
    h("dl", {}, KEYS.map(([keys, what]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what)))),
    h("form", { method: "dialog", class: "choices" }, h("button", { class: "primary", autofocus: true }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
