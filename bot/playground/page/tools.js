// The right side of the channel's header: things to try, the inspector, the keyboard.

import { h } from "./dom.js";
import { menu } from "./menu.js";
import { TRIES, TROUBLE } from "./tries.js";

/** `tried(text)` types and sends. */
export function tools(container, { tried, inspecting, shortcuts }) {
  const items = [...TRIES, ...TROUBLE].map(({ name, text }) => ({ label: name, note: text, choose: () => tried(text) }));
  const toggle = h("button", { class: "tool", "aria-controls": "inspector", "aria-keyshortcuts": "Alt+I",
    title: "What the bot sends and hears (Alt+I)", onclick: inspecting.toggle },
  h("span", { class: "glyph", "aria-hidden": "true" }, "{ }"), h("span", { class: "word" }, "Inspector"));
  inspecting.onchange = (open) => toggle.setAttribute("aria-expanded", String(open));
  inspecting.onchange(inspecting.isOpen());
  container.append(
    menu({ label: "Things to try", content: "Try", items, name: "tool" }),
    toggle,
    h("button", { class: "tool keys", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts (Ctrl+/)", onclick: shortcuts }, "?"));
}
