// Where people write. A line that starts with / is a command. What was typed stays, wherever one looks meanwhile.

import { act } from "./api.js";
import { complaint, toast } from "./dialogs.js";
import { h } from "./dom.js";
import { here } from "./state.js";

const drafts = new Map();
let lastLine = "";

/** A composer in `container`. `where()` says {channel, thread} that it writes to. */
export function composer(container, where) {
  const box = h("textarea", { rows: 1, enterkeyhint: "send" });
  const form = h("form", { class: "composer" }, box, h("button", { class: "primary" }, "Send"));
  let place = null;

  const send = async () => {
    const text = box.value.trim();
    if (!text) return;
    const { channel, thread } = where();
    const sent = place;
    lastLine = text;
    write(box, "");
    drafts.delete(sent);
    const body = { user: here.person, channel, text, ...(thread ? { thread_ts: thread } : {}) };
    const answer = await act(text.startsWith("/") ? "command" : "message", body);
    if (answer.ok) return;
    // As in Slack, what failed can be corrected and sent again; why it failed is told in the channel.
    if (place === sent && !box.value) write(box, text);
    if (answer.status !== 200) toast(complaint(answer));
  };

  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    if (event.key === "ArrowUp" && !box.value && lastLine) { event.preventDefault(); write(box, lastLine); }
  });
  box.addEventListener("input", () => { drafts.set(place, box.value); fit(box); });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); box.focus(); });
  container.append(form);

  return {
    /** To be called whenever `where` may answer differently. `label` tells where the text goes. */
    refresh(label) {
      const { channel, thread } = where();
      const now = `${here.person}/${channel}/${thread ?? ""}`;
      box.setAttribute("aria-label", label);
      box.placeholder = thread ? "Reply, or @octopod …" : `${label}, or /octopod deploy orange-button`;
      if (now !== place) { place = now; write(box, drafts.get(place) ?? ""); }
    },
    focus: () => box.focus(),
  };
}

function write(box, text) {
  box.value = text;
  fit(box);
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 200)}px`;
}
