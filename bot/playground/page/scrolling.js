// A list of messages under the eyes of a reader: where it stands, what came below, and walking through it by keyboard.

import { h } from "./dom.js";

export const isAtEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 40;

/** The newest message, or the beginning of a place where there is none yet. */
export function toEnd(list) {
  list.scrollTop = list.querySelector(".message") ? list.scrollHeight : 0;
}

/** A way down for whoever reads further up while something new comes. */
export function newer(list, came) {
  let button = list.nextElementSibling?.matches(".newer") ? list.nextElementSibling : null;
  if (!button) {
    button = h("button", { class: "newer", hidden: true, onclick: () => toEnd(list) }, "New messages ↓");
    list.after(button);
    let end = true;
    list.addEventListener("scroll", () => { end = isAtEnd(list); if (end) button.hidden = true; }, { passive: true });
    // Whoever reads the end goes on doing so when the list gets smaller.
    new ResizeObserver(() => { if (end) toEnd(list); }).observe(list);
  }
  if (came) button.hidden = false;
  if (isAtEnd(list)) button.hidden = true;
}

/** ↑ and ↓ move between messages, Enter opens the thread of one. `open` is kept up to date by calling this again. */
export function walk(list, open) {
  const begun = Boolean(list.walking);
  list.walking = { open };
  if (begun) return;
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll(".message")];
    const at = all.findIndex((message) => message.contains(document.activeElement));
    const own = document.activeElement === list || all[at] === document.activeElement;
    if (!own || event.altKey || event.ctrlKey || event.metaKey) return;
    const goal = { ArrowUp: at < 0 ? all.length - 1 : at - 1, ArrowDown: at < 0 ? all.length - 1 : at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (goal !== undefined && all[goal]) { event.preventDefault(); all[goal].focus(); }
    const message = all[at];
    const thread = message && list.walking.open && !message.matches(".ephemeral");
    if (event.key === "Enter" && thread) { event.preventDefault(); list.walking.open(message.dataset.ts); }
  });
}
