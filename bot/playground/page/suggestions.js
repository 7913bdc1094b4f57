// The list of suggestions over a text box: a combobox whose popup is a listbox (ARIA 1.2).

import { h } from "./dom.js";

let count = 0;

/** `suggest(text)` says {typed, syntax, options} or null; `took()` is called when a suggestion was taken. */
export function suggestions(box, suggest, took) {
  const id = `suggestions-${++count}`;
  const list = h("ul", { id, role: "listbox", "aria-label": "Suggestions" });
  const syntax = h("p", { class: "syntax" });
  const popup = h("div", { class: "suggestions", hidden: true }, list, syntax);
  const said = h("span", { class: "unseen", role: "status" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false" })) {
    box.setAttribute(name, value);
  }
  let options = [];
  let typed = "";
  let at = -1;

  function show() {
    const whole = box.selectionStart === box.value.length;
    const found = (whole && suggest(box.value)) || { options: [], typed: "", syntax: "" };
    ({ options, typed } = found);
    syntax.textContent = found.syntax;
    list.replaceChildren(...options.map(draw));
    popup.hidden = !options.length;
    box.setAttribute("aria-expanded", String(!popup.hidden));
    said.textContent = options.length ? `${options.length} suggestions` : "";
    // What was begun is finished by Enter; what is whole, or not begun, is sent by it.
    const begun = typed && options[0]?.value.toLowerCase().startsWith(typed.toLowerCase());
    mark(begun && !options.some(({ value }) => value === typed) ? 0 : -1);
  }

  function draw({ label, meaning }, n) {
    return h("li", { id: `${id}-${n}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); take(n); } },
      h("code", {}, label), meaning && h("small", {}, meaning));
  }

  function mark(n) {
    at = options.length ? n : -1;
    [...list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === at)));
    if (at < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", `${id}-${at}`);
    return list.children[at].scrollIntoView({ block: "nearest" });
  }

  function hide() {
    popup.hidden = true;
    options = [];
    box.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function take(n) {
    box.value = box.value.slice(0, box.value.length - typed.length) + options[n].insert;
    took();
    show();
  }

  const step = (by) => mark(at < 0 ? (by > 0 ? 0 : options.length - 1) : (at + by + options.length) % options.length);

  /** Whether the key was for the list. */
  function key(event) {
    if (popup.hidden) return false;
    const chosen = Math.max(at, 0);
    const actions = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Escape: hide,
      ...(event.shiftKey ? {} : { Tab: () => take(chosen) }),
      ...(at < 0 || event.shiftKey ? {} : { Enter: () => take(at) }),
    };
    if (!actions[event.key]) return false;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
    return true;
  }

  box.addEventListener("blur", hide);
  return { popup, said, show, hide, key };
}
