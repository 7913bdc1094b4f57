// What the bot sent and was sent, as far as the stand-in remembers; followed only while somebody looks.

import { traffic } from "./api.js";

const MOST = 500;

export class Traffic {
  entries = [];
  #last = 0;
  #stop = null;

  /** Follow until `stop`. `changed()` is called after every change, also for the first answer. */
  async start(changed) {
    if (this.#stop) return;
    const stop = (this.#stop = new AbortController());
    while (!stop.signal.aborted) {
      try {
        const { last, entries } = await traffic(this.#last, stop.signal);
        this.entries = (last < this.#last ? [] : this.entries).concat(entries).slice(-MOST);
        this.#last = last;
        changed();
      } catch {
        if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
  }

  /** The last entry that made or changed a message; undefined if it is forgotten or was never told. */
  about({ channel, ts }) {
    return this.entries.findLast(({ message }) => message?.channel === channel && message.ts === ts);
  }
}

/** What went wrong with an entry, in a word; empty if nothing did. */
export function trouble({ error, fault }) {
  if (error === "ratelimited") return "rate limited";
  return error || (fault ? "fault" : "");
}

/** One line about what an entry says. */
export function gist({ body, kind, method }) {
  if (kind === "slash_commands") return body.text ?? "";
  if (kind === "events_api") return body.event?.text ?? body.event?.tab ?? "";
  if (kind === "interactive") {
    const names = (body.actions ?? []).map((action) => action.action_id).join(", ");
    return names || body.view?.callback_id || body.action_id || "";
  }
  const about = body.text ?? body.view?.callback_id ?? body.name ?? body.channel ?? "";
  return typeof about === "string" ? about : method;
}
