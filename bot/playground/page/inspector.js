// A drawer with what the bot sends and hears, for whoever wants to learn Slack's protocol.

import { h, reconcile } from "./dom.js";
import { toast } from "./dialogs.js";
import { pretty } from "./pretty.js";
import { channel } from "./state.js";
import { Traffic, gist, trouble } from "./traffic.js";

const OPEN = "inspector";
const KINDS = { "": "Everything", from_bot: "From the bot", to_bot: "To the bot", wrong: "What went wrong" };

/** {toggle, show(message), isOpen, onchange}. `find({channel, thread, ts})` shows a message in its place. */
export function inspector(container, find) {
  const traffic = new Traffic();
  const list = h("ol", { class: "calls", "aria-label": "Calls and deliveries, the newest last" });
  const detail = h("div", { class: "detail", role: "region", "aria-label": "Details", tabindex: 0 });
  const text = h("input", { type: "search", placeholder: "Filter: chat.update, deploy …", "aria-label": "Filter", oninput: draw });
  const kind = h("select", { "aria-label": "Which", onchange: draw }, Object.entries(KINDS).map(([value, name]) => h("option", { value }, name)));
  const count = h("span", { class: "note", role: "status" });
  container.append(
    h("header", {}, h("h2", { id: "inspector-name" }, "Inspector"), text, kind, count,
      h("button", { class: "icon", "aria-label": "Close the inspector", onclick: toggle }, "✕")),
    h("div", { class: "panes" }, list, detail));

  let picked = 0;
  let wanted = null; // a message whose call shall be shown as soon as it is known
  let drawn = false;
  const self = { toggle, show, isOpen: () => !container.hidden, onchange: () => {} };

  function toggle() {
    const inside = container.contains(document.activeElement);
    container.hidden = !container.hidden;
    if (inside) document.querySelector("[aria-controls=inspector]")?.focus();
    localStorage.setItem(OPEN, container.hidden ? "" : "open");
    document.body.classList.toggle("with-inspector", !container.hidden);
    if (container.hidden) traffic.stop();
    else traffic.start(draw);
    self.onchange(!container.hidden);
  }

  function show(message) {
    wanted = message;
    text.value = kind.value = "";
    if (container.hidden) toggle();
    else draw();
  }

  function draw() {
    if (wanted) pickWanted();
    const shown = traffic.entries.filter(fits);
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    if (!shown.some(({ n }) => n === picked)) picked = shown.at(-1)?.n ?? 0;
    reconcile(list, shown, { key: ({ n }) => n, stamp: ({ n, message }) => `${n}/${message?.ts}`, draw: row });
    for (const button of list.querySelectorAll("button")) mark(button);
    if (atEnd || !drawn) list.scrollTop = list.scrollHeight;
    drawn = true;
    count.textContent = `${shown.length} of ${traffic.entries.length}`;
    drawDetail(shown.find(({ n }) => n === picked));
  }

  function pickWanted() {
    const entry = traffic.about(wanted);
    wanted = null;
    if (!entry) return toast("There is no call on record that made this.");
    picked = entry.n;
    return requestAnimationFrame(() => list.querySelector("[aria-current]")?.focus());
  }

  function fits(entry) {
    if (kind.value === "wrong" ? !trouble(entry) : kind.value && entry.direction !== kind.value) return false;
    const wish = text.value.trim().toLowerCase();
    return !wish || `${entry.method} ${entry.kind} ${gist(entry)} ${entry.error} ${entry.fault}`.toLowerCase().includes(wish);
  }

  function row(entry) {
    const wrong = trouble(entry);
    const mine = entry.direction === "from_bot";
    return h("li", {}, h("button", { class: wrong ? "call went-wrong" : "call", "data-n": entry.n, onclick: () => pick(entry.n) },
      h("time", {}, new Date(entry.at * 1000).toLocaleTimeString(undefined, { hour12: false })),
      h("span", { class: mine ? "way from" : "way to" }, mine ? "bot →" : "→ bot"),
      h("strong", {}, entry.method), h("span", { class: "gist" }, gist(entry)),
      wrong && h("span", { class: "mark-wrong" }, wrong), h("span", { class: "ms" }, `${Math.round(entry.ms)} ms`)));
  }

  function mark(button) {
    const current = Number(button.dataset.n) === picked;
    button.tabIndex = current ? 0 : -1;
    if (current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  function pick(n) {
    picked = n;
    draw();
    list.querySelector("[aria-current]")?.focus();
  }

  function drawDetail(entry) {
    reconcile(detail, entry ? [entry] : [], { key: ({ n }) => n, stamp: ({ message }) => message?.ts ?? "", draw: (one) => details(one, find) });
  }

  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || !all[goal]) return;
    event.preventDefault();
    pick(Number(all[goal].dataset.n));
  });
  container.addEventListener("keydown", (event) => { if (event.key === "Escape" && event.target !== text) toggle(); });
  if (localStorage.getItem(OPEN)) toggle();
  return self;
}

const SAID = { web_api: "Arguments", response_url: "Posted" };

function details(entry, find) {
  const { message } = entry;
  const thread = message && channel(message.channel)?.messages.find(({ ts }) => ts === message.ts)?.thread_ts;
  const acked = entry.direction === "to_bot" ? "Acknowledged" : "Answered";
  return h("div", {},
    h("h3", {}, entry.method, " ", h("small", {}, `${entry.kind}, ${entry.ms} ms`)),
    entry.fault && h("p", { class: "mark-wrong" }, entry.fault),
    message && h("button", { class: "quiet link", onclick: () => find({ ...message, thread: thread ?? null }) }, "Show the message"),
    entry.envelope && part("Envelope", entry.envelope),
    part(SAID[entry.kind] ?? "Payload", entry.body),
    part(acked, entry.answer));
}

const part = (name, thing) => [h("h4", {}, name), h("pre", { class: "json" }, pretty(thing))];
