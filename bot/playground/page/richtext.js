// rich_text blocks: paragraphs, lists, quotes and preformatted text made of styled pieces.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./mrkdwn.js";
import { channel, nameOf } from "./state.js";

export function richText(block) {
  return h("div", { class: "rich" }, block.elements.map(part));
}

function part(one) {
  switch (one.type) {
    case "rich_text_list":
      return h(one.style === "ordered" ? "ol" : "ul", {}, one.elements.map((item) => h("li", {}, item.elements.map(piece))));
    case "rich_text_quote": return h("blockquote", {}, one.elements.map(piece));
    case "rich_text_preformatted": return h("pre", {}, one.elements.map(piece));
    default: return h("p", {}, (one.elements ?? []).map(piece));
  }
}

function piece(one) {
  return Object.entries({ bold: "strong", italic: "em", strike: "s", code: "code" })
    .filter(([style]) => one.style?.[style])
    .reduce((node, [, tag]) => h(tag, {}, node), bare(one));
}

function bare(one) {
  switch (one.type) {
    case "text": return h("span", { class: "as-is" }, one.text);
    case "link": return link(one.url, one.text || one.url);
    case "user": return h("span", { class: "mention" }, `@${nameOf(one.user_id)}`);
    case "channel": return h("span", { class: "mention" }, `#${channel(one.channel_id)?.name ?? one.channel_id}`);
    case "broadcast": return h("span", { class: "mention" }, `@${one.range}`);
    case "emoji": return emoji(one.name) ?? `:${one.name}:`;
    default: return one.fallback ?? `[${one.type}]`;
  }
}
