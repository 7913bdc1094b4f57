// A button with a menu under it: arrows, Home, End and letters move, Enter chooses, Escape and leaving close it.

import { h } from "./dom.js";

/** `items`: [{label, note, choose}]. `label`: what the button is called; `content`: what it shows. */
export function menu({ label, content, items, name }) {
  const list = h("div", { role: "menu", class: "menu-list", "aria-label": label, hidden: true }, items.map(entry));
  const button = h("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", class: name,
    "aria-label": typeof content === "string" && content !== label ? label : null, onclick: () => (list.hidden ? open() : close()) }, content);
  const node = h("div", { class: "menu" }, button, list);
  const all = () => [...list.children];

  function entry({ label: text, note, choose }) {
    return h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: () => { close(); choose(); } },
      text, note && h("small", {}, note));
  }

  function open(at = 0) {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    all().at(at)?.focus();
  }

  function close() {
    if (list.hidden) return;
    const inside = list.contains(document.activeElement);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus();
  }

  function move(key) {
    const items = all();
    const at = items.indexOf(document.activeElement);
    const goals = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const letter = key.length === 1 && items.find((item) => item.textContent.toLowerCase().startsWith(key.toLowerCase()));
    const goal = key in goals ? items.at(goals[key] % items.length) : letter;
    goal?.focus();
    return Boolean(goal);
  }

  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.hidden) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); open(event.key === "ArrowUp" ? -1 : 0); }
      return;
    }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    else if (!["Enter", " "].includes(event.key) && move(event.key)) event.preventDefault();
  });
  node.addEventListener("focusout", (event) => { if (!node.contains(event.relatedTarget)) close(); });
  return node;
}
