// JSON for people: indented, its pieces coloured.

import { h } from "./dom.js";

const PIECE = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

export function pretty(thing) {
  const text = JSON.stringify(thing, null, 2) ?? "";
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(PIECE)) {
    const [whole, string, colon, word, number] = match;
    const kind = colon ? "key" : string ? "string" : word ? "word" : number ? "number" : "";
    nodes.push(text.slice(end, match.index), h("span", { class: `json-${kind}` }, string ?? whole), colon ?? "");
    end = match.index + whole.length;
  }
  return [...nodes, text.slice(end)];
}
