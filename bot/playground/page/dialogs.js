// Questions before an action (Block Kit's confirm objects), and short notes about what went wrong.

import { h } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";

/** Resolves to true when the person confirms, or when there is nothing to ask. */
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const style = question.style === "danger" ? "danger" : "primary";
    const risky = question.style === "danger";
    const dialog = h("dialog", { class: "confirm", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      h("h2", { id: "confirm-title" }, plain(question.title?.text ?? "Are you sure?")),
      h("p", { id: "confirm-text" }, textObject(question.text)),
      h("form", { method: "dialog", class: "choices" },
        h("button", { value: "no", autofocus: risky }, plain(question.deny?.text ?? "Cancel")),
        h("button", { value: "yes", class: style, autofocus: !risky }, plain(question.confirm?.text ?? "Yes"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const SECONDS = 8;

export function toast(text) {
  const note = h("p", { class: "toast" }, text,
    h("button", { class: "quiet", "aria-label": "Dismiss", onclick: () => note.remove() }, "✕"));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), SECONDS * 1000);
}

/** What an answer of /_workspace says went wrong; null if all went well. */
export function complaint(answer) {
  if (answer.ok) return null;
  const said = Array.isArray(answer.errors) ? answer.errors.join("; ") : "";
  return [answer.error, said].filter((text, at, all) => text && all.indexOf(text) === at).join(": ") || "It did not work.";
}
