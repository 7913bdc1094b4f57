// Slack's mrkdwn as DOM nodes: *bold* _italic_ ~strike~ `code` ```pre``` > quotes, <links|text>, mentions, dates, :emoji:
// What comes in is escaped as Slack escapes (&amp; &lt; &gt;); what goes out are text nodes.

import { dateText, full } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channel, here, nameOf, world } from "./state.js";

export const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

/** A list of nodes. */
export function mrkdwn(text) {
  const parts = text.split(/```\n?([\s\S]+?)\n?```\n?/);
  return parts.flatMap((part, at) => (at % 2 ? h("pre", {}, plainLinks(part)) : quotes(part)));
}

/** Lines that begin with > are set apart. */
function quotes(text) {
  const nodes = [];
  for (const [lines] of text.matchAll(/(?:^(?:&gt;|>).*(?:\n|$))+|(?:^(?!&gt;|>).*(?:\n|$))+/gm)) {
    if (!lines) continue;
    if (!/^(&gt;|>)/.test(lines)) nodes.push(...items(lines));
    else nodes.push(h("blockquote", {}, inline(lines.replace(/^(?:&gt;|>) ?/gm, "").replace(/\n$/, ""))));
  }
  return nodes;
}

const ITEM = /^(\s*)([•◦▪]|\d{1,2}\.|-) +(.*)$/;

/** Lists are typed as lines with a bullet, a dash or a number; long items are indented as a whole. */
function items(text) {
  if (!text.split("\n").some((line) => ITEM.test(line))) return inline(text);
  const nodes = [];
  let rest = [];
  const flush = () => { if (rest.length) nodes.push(...inline(rest.join("\n"))); rest = []; };
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const [, depth, mark, said] = line.match(ITEM) ?? [];
    if (mark === undefined) { rest.push(line); continue; }
    flush();
    nodes.push(h("span", { class: depth ? "item deeper" : "item" }, h("span", { class: "mark" }, `${mark} `), h("span", {}, inline(said))));
  }
  flush();
  return nodes;
}

// In here a span may hold whole <…> and `…`, whose own characters mean nothing.
const span = (mark) => `(?<![\\w${mark}])${mark}((?=\\S)(?:<[^<>\\n]*>|\`[^\`\\n]+\`|[^${mark}\\n])+?(?<=\\S))${mark}(?![\\w${mark}])`;
const TOKEN = new RegExp(
  ["`([^`\\n]+)`", "<([^<>\\n]+)>", ":([a-z0-9_+-]+):", span("\\*"), span("_"), span("~"), "(\\n)"].join("|"), "g");

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(decode(text.slice(end, match.index)), token(match));
    end = match.index + match[0].length;
  }
  return [...nodes, decode(text.slice(end))].filter((node) => node !== "");
}

function token([whole, code, angle, name, bold, italic, strike]) {
  if (code !== undefined) return h("code", {}, plainLinks(code));
  if (angle !== undefined) return reference(angle);
  if (name !== undefined) return emoji(name) ?? whole;
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  return h("br");
}

/** Inside code only links mean something. */
const plainLinks = (text) =>
  text.split(/<((?:https?:|mailto:)[^<>\n]+)>/).map((part, at) => (at % 2 ? reference(part) : decode(part)));

/** What stands between < and >. */
function reference(text) {
  const bar = text.indexOf("|");
  const [target, label] = bar < 0 ? [text, ""] : [text.slice(0, bar), text.slice(bar + 1)];
  switch (target[0]) {
    case "@": return mention(`@${nameOf(target.slice(1))}`, target.slice(1) === here.person);
    case "#": return mention(`#${channel(target.slice(1))?.name ?? (label || target.slice(1))}`);
    case "!": return special(target.slice(1), label);
    default: return link(decode(target), label ? decode(label) : decode(target));
  }
}

const mention = (text, mine = false) => h("span", { class: mine ? "mention mine" : "mention" }, text);

function special(target, label) {
  const [kind, ...rest] = target.split("^");
  if (kind === "date") return date(rest, decode(label));
  if (kind === "subteam") return mention(label || `@${group(rest[0])}`);
  return mention(label || `@${kind}`);
}

const group = (id) => world.usergroups?.find((group) => group.id === id)?.handle ?? id;

function date([unix, template, address], fallback) {
  const text = dateText(unix ?? "", decode(template ?? ""));
  if (text === null) return fallback;
  const moment = new Date(Number(unix) * 1000);
  const node = h("time", { datetime: moment.toISOString(), title: full(moment) }, text);
  return address ? link(decode(address), node) : node;
}

/** Only addresses that a link may have; anything else is shown as text. */
export function link(address, shown) {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return h("span", {}, shown);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, shown);
}

/** A text object of Block Kit. */
export function textObject(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object.text);
}

/** Plain text: emoji and line breaks only. */
export const plain = (text) =>
  text.split(/(\n)|:([a-z0-9_+-]+):/).map((part, at) => {
    if (part === undefined) return null;
    if (at % 3 === 1) return h("br");
    return at % 3 === 2 ? emoji(part) ?? `:${part}:` : part;
  });
