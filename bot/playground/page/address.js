// Where one is, in the browser's address: #/alice/C02STAGINGS/1700000000.000100. A permalink is understood as well.

import { here, me, people } from "./state.js";

/** {person, channel, thread, spotlight}, as far as the address says. */
export function readAddress() {
  const archive = location.pathname.match(/^\/archives\/([^/]+)(?:\/p(\d{10})(\d{6}))?/);
  if (archive) return fromPermalink(...archive.slice(1));
  const [, person, place, ts] = location.hash.split("/").map(decodeURIComponent);
  return { person: people().find(({ name }) => name === person)?.id, channel: place, thread: ts ?? null };
}

function fromPermalink(place, seconds, fraction) {
  const parent = new URLSearchParams(location.search).get("thread_ts");
  return { channel: place, thread: parent, spotlight: seconds ? `${seconds}.${fraction}` : null };
}

export function writeAddress() {
  const address = `/#/${[me()?.name, here.channel, here.thread].filter(Boolean).map(encodeURIComponent).join("/")}`;
  if (location.pathname + location.hash !== address) history.pushState(null, "", address);
}
