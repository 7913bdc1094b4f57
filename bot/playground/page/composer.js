// Where people write. A line that starts with / is a command. What was typed stays, wherever one looks meanwhile.

import { act, learnCompletion } from "./api.js";
import { complete } from "./complete.js";
import { complaint, toast } from "./dialogs.js";
import { h } from "./dom.js";
import { bot, here, people } from "./state.js";
import { suggestions } from "./suggestions.js";

const DRAFTS = "drafts";
const drafts = new Map(JSON.parse(sessionStorage.getItem(DRAFTS) ?? "[]"));
let lastLine = "";
let known = { commands: [], values: {} };
const firstKnown = refreshKnown();

/** A composer in `container`. `where()` says {channel, thread} that it writes to. */
export function composer(container, where) {
  const box = h("textarea", { rows: 1, enterkeyhint: "send", autocomplete: "off", spellcheck: "false" });
  const form = h("form", { class: "composer" }, box, h("button", { class: "primary" }, "Send"));
  let place = null;
  const list = suggestions(box, (text) => suggest(text, where()), () => { keep(place, box.value); fit(box); });

  const send = async () => {
    const text = box.value.trim();
    if (!text) return;
    const { channel, thread } = where();
    const sent = place;
    lastLine = text;
    write(box, "");
    keep(sent, "");
    list.hide();
    const body = { user: here.person, channel, text, ...(thread ? { thread_ts: thread } : {}) };
    const answer = await act(text.startsWith("/") ? "command" : "message", body);
    refreshKnown();
    if (answer.ok) return;
    // As in Slack, what failed can be corrected and sent again; why it failed is told in the channel.
    if (place === sent && !box.value) write(box, text);
    if (answer.status !== 200) toast(complaint(answer));
  };

  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || list.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
    if (event.key === "ArrowUp" && !box.value && lastLine) { event.preventDefault(); write(box, lastLine); }
  });
  box.addEventListener("input", async () => {
    keep(place, box.value);
    fit(box);
    list.show();
    if (known.commands.length) return;
    await firstKnown; // somebody types faster than the page loads
    if (document.activeElement === box) list.show();
  });
  box.addEventListener("focus", refreshKnown);
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); box.focus(); });
  container.append(h("div", { class: "composing" }, list.popup, form, list.said));

  return {
    /** To be called whenever `where` may answer differently. `label` tells where the text goes. */
    refresh(label) {
      const { channel, thread } = where();
      const now = `${here.person}/${channel}/${thread ?? ""}`;
      box.setAttribute("aria-label", label);
      const roomy = matchMedia("(min-width: 40rem)").matches;
      box.placeholder = thread ? "Reply, or @octopod …" : `${label}${roomy ? ", or type / for commands" : ""}`;
      if (now !== place) { place = now; list.hide(); write(box, drafts.get(place) ?? ""); }
    },
    focus: () => box.focus(),
    /** Type `text` as a person would, so that it is seen, and send it. What was in there before comes back. */
    async enter(text) {
      const before = box.value;
      box.focus();
      await type(box, text);
      list.hide();
      await send();
      if (!box.value && before) { write(box, before); keep(place, before); }
    },
  };
}

function suggest(text, { thread }) {
  if (thread && text.startsWith("/")) return null; // commands do not work in threads
  return complete(text, known, [bot()?.name, ...people().map(({ name }) => name)].filter(Boolean));
}

async function refreshKnown() {
  known = (await learnCompletion()) ?? known;
}

function keep(place, text) {
  if (text) drafts.set(place, text);
  else drafts.delete(place);
  sessionStorage.setItem(DRAFTS, JSON.stringify([...drafts]));
}

const LETTER_MS = 14;

async function type(box, text) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (let end = still ? text.length : 1; end <= text.length; end += 1) {
    write(box, text.slice(0, end));
    if (!still) await new Promise((resolve) => setTimeout(resolve, LETTER_MS));
  }
}

function write(box, text) {
  box.value = text;
  fit(box);
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 200)}px`;
}
