// Modals that the bot opened for this person, and the home tab: views made of blocks.

import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { complaint, toast } from "./dialogs.js";
import { h, replace } from "./dom.js";
import { gathered } from "./elements.js";
import { plain } from "./mrkdwn.js";
import { here, topView } from "./state.js";

let shown = null; // {id, stamp, dialog, content}

/** Show the view on top of the person's stack, or none. */
export function showModal() {
  const top = topView();
  if (!top) return dismiss();
  const stamp = JSON.stringify(top.view);
  if (shown?.id === top.id && shown.stamp === stamp) return undefined;
  const content = draw(top);
  if (shown?.id === top.id) replace(shown.content, content);
  else { dismiss(); shown = { dialog: open(content) }; }
  shown = { ...shown, id: top.id, stamp, content };
  return undefined;
}

function dismiss() {
  shown?.dialog.remove();
  shown = null;
}

function open(content) {
  const dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" }, content);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(shown.id); });
  document.body.append(dialog);
  dialog.showModal();
  content.querySelector(".blocks :is(input, textarea, select, button), footer .primary")?.focus();
  return dialog;
}

function draw({ id, view }) {
  const form = h("form", { class: "view", novalidate: true },
    h("header", {}, h("h2", { id: "modal-title" }, plain(view.title?.text ?? "")),
      h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => close(id) }, "✕")),
    h("div", { class: "blocks" }, blocks(view.blocks, inView(id, () => form))),
    h("p", { class: "wrong", role: "alert", "data-general": true, hidden: true }),
    h("footer", { class: "choices" },
      h("button", { type: "button", onclick: () => close(id) }, plain(view.close?.text ?? "Cancel")),
      view.submit && h("button", { class: "primary" }, plain(view.submit.text))));
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(id, form); });
  return form;
}

async function close(id) {
  const answer = await act("close", { user: here.person, view_id: id });
  if (!answer.ok) toast(complaint(answer));
}

async function submit(id, form) {
  const button = form.querySelector("footer .primary");
  if (button) button.disabled = true;
  const answer = await act("submit", { user: here.person, view_id: id, values: gathered(form) });
  if (button) button.disabled = false;
  tell(form, answer);
}

/** Beside the inputs that are wrong, else below them all. */
function tell(form, answer) {
  for (const note of form.querySelectorAll(".wrong")) { note.hidden = true; note.textContent = ""; }
  if (answer.ok) return;
  const byBlock = answer.errors && !Array.isArray(answer.errors) ? Object.entries(answer.errors) : [];
  for (const [block, text] of byBlock) say(form.querySelector(`[data-block="${CSS.escape(block)}"] .wrong`), text);
  if (!byBlock.length) say(form.querySelector("[data-general]"), complaint(answer));
  form.querySelector(".input:has(.wrong:not([hidden])) [data-field]")?.focus();
}

function say(note, text) {
  if (!note) return;
  note.textContent = text;
  note.hidden = false;
}

/** Where elements of a view stand; see elements.js. `root()` holds its fields. */
export function inView(id, root) {
  const where = (spec, block) => ({ user: here.person, view_id: id, action_id: spec.action_id, block_id: block.block_id });
  return {
    async act(spec, block, value) {
      const answer = await act("click", { ...where(spec, block), value, values: gathered(root()) });
      if (!answer.ok) toast(complaint(answer));
    },
    async suggest(spec, block, value) {
      const answer = await act("suggest", { ...where(spec, block), value });
      return answer.options ?? (answer.option_groups ?? []).flatMap((group) => group.options);
    },
  };
}
