// Block Kit's interactive elements as ordinary HTML controls.
//
// A `place` says where they stand: place.act(element, block, value) tells the bot, place.suggest(…) asks it for options.
// Controls that hold a value are fields: data-field is their name, read() their value, carry(old) takes over an old one's.

import { confirmed } from "./dialogs.js";
import { h } from "./dom.js";
import { menu } from "./menu.js";
import { plain, textObject } from "./mrkdwn.js";
import { people, world } from "./state.js";

/** The node of an element. `quietly`: it waits for a form to be submitted instead of telling the bot at once. */
export function element(spec, block, place, quietly = false) {
  const draw = ELEMENTS[spec.type];
  if (!draw) return h("span", { class: "unknown" }, `[${spec.type} cannot be shown here]`);
  const node = draw(spec, block, place, quietly);
  node.dataset.spot = `${spec.action_id}`; // not with the block's id, which may be another after every change
  return node;
}

const ELEMENTS = {
  button,
  overflow,
  static_select: (...all) => select(all[0], groups(all[0]), all[0].initial_option?.value, ...all.slice(1)),
  users_select: (...all) => select(all[0], [[null, users()]], all[0].initial_user, ...all.slice(1)),
  channels_select: (...all) => select(all[0], [[null, channels()]], all[0].initial_channel, ...all.slice(1)),
  conversations_select: (...all) => select(all[0], [[null, channels()]], all[0].initial_conversation, ...all.slice(1)),
  external_select: external,
  multi_external_select: externals,
  rich_text_input: rich,
  multi_static_select: (...all) => boxes(all[0], options(all[0]), values(all[0].initial_options), ...all.slice(1)),
  multi_users_select: (...all) => boxes(all[0], users(), all[0].initial_users, ...all.slice(1)),
  multi_channels_select: (...all) => boxes(all[0], channels(), all[0].initial_channels, ...all.slice(1)),
  multi_conversations_select: (...all) => boxes(all[0], channels(), all[0].initial_conversations, ...all.slice(1)),
  checkboxes: (...all) => boxes(all[0], options(all[0]), values(all[0].initial_options), ...all.slice(1)),
  radio_buttons: radios,
  plain_text_input: (...all) => input("text", ...all),
  email_text_input: (...all) => input("email", ...all),
  url_text_input: (...all) => input("url", ...all),
  number_input: (...all) => input("number", ...all),
  datepicker: (...all) => input("date", ...all),
  timepicker: (...all) => input("time", ...all),
  datetimepicker: (...all) => input("datetime-local", ...all),
};

const option = ({ value, text, description }) => ({ value, text: text.text, rich: text, description });
const options = (spec) => (spec.options ?? []).concat(...(spec.option_groups ?? []).map((group) => group.options)).map(option);
const values = (chosen) => chosen?.map(({ value }) => value);
const users = () => people().map(({ id, name }) => ({ value: id, text: `@${name}` }));
const channels = () => world.channels.filter((channel) => !channel.is_im).map(({ id, name }) => ({ value: id, text: `#${name}` }));

function groups(spec) {
  if (!spec.option_groups) return [[null, (spec.options ?? []).map(option)]];
  return spec.option_groups.map((group) => [group.label.text, group.options.map(option)]);
}

function button(spec, block, place) {
  const press = async () => {
    if (node.hasAttribute("aria-busy") || !(await confirmed(spec.confirm))) return;
    // At once, while the browser still knows that a person asked for it.
    if (spec.url) window.open(spec.url, "_blank", "noopener");
    await busy(node, place.act(spec, block));
  };
  const node = h("button", { type: "button", class: spec.style, onclick: press, "aria-label": spec.accessibility_label },
    plain(spec.text.text), spec.url && h("span", { class: "leaves", "aria-label": "opens a new tab" }, " ↗"));
  return node;
}

/** Not `disabled`: that would take the keyboard's place away. */
async function busy(node, doing) {
  node.setAttribute("aria-busy", "true");
  await doing;
  node.removeAttribute("aria-busy");
}

function overflow(spec, block, place) {
  const choose = async (one) => {
    if (!(await confirmed(spec.confirm))) return;
    if (one.url) window.open(one.url, "_blank", "noopener");
    await place.act(spec, block, one.value);
  };
  const items = spec.options.map((one) =>
    ({ label: plain(one.text.text), note: one.description && plain(one.description.text), choose: () => choose(one) }));
  return menu({ label: "More actions", content: "⋯", items, name: "overflow" });
}

/** Makes `node` a field. Chosen values go to the bot at once unless `quietly`. */
function field(node, spec, block, place, quietly, { read, write, on = "change" }) {
  node.dataset.field = spec.action_id;
  node.read = read;
  node.carry = (old) => { write(old.read()); node.touched = true; };
  node.addEventListener("input", () => { node.touched = true; });
  if (!quietly) {
    node.addEventListener(on, async () => {
      if (await confirmed(spec.confirm)) await place.act(spec, block, read());
      else { node.touched = false; node.restore?.(); }
    });
  }
  return node;
}

function select(spec, groups, initial, block, place, quietly) {
  const draw = ({ value, text }) => h("option", { value, selected: value === initial }, plain(text));
  const node = h("select", { "aria-label": spec.placeholder?.text ?? "Choose" },
    h("option", { value: "", disabled: !quietly, selected: initial === undefined }, spec.placeholder?.text ?? "Choose…"),
    groups.map(([label, list]) => (label ? h("optgroup", { label }, list.map(draw)) : list.map(draw))));
  node.restore = () => { node.value = initial ?? ""; };
  return field(node, spec, block, place, quietly, {
    read: () => node.value || null,
    write: (value) => { node.value = value ?? ""; },
  });
}

/** A text box that offers what the bot suggests for what was typed; `picked({text, value})` once one is chosen. */
function searching(spec, block, place, picked) {
  const list = h("datalist", { id: `list-${crypto.randomUUID()}` });
  const box = h("input", { list: list.id, autocomplete: "off", placeholder: spec.placeholder?.text,
    "aria-label": spec.placeholder?.text ?? "Search" });
  let known = new Map();
  let waiting;
  const ask = async () => {
    const found = await place.suggest(spec, block, box.value);
    known = new Map(found.map((one) => [one.text.text, one.value]));
    list.replaceChildren(...found.map((one) => h("option", { value: one.text.text })));
  };
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    if (known.has(box.value)) picked({ text: box.value, value: known.get(box.value) });
    else waiting = setTimeout(ask, 250);
  });
  return { box, list };
}

const chosenOption = ({ text, value }) => ({ text: text.text, value });

function external(spec, block, place, quietly) {
  let chosen = spec.initial_option ? chosenOption(spec.initial_option) : null;
  const { box, list } = searching(spec, block, place, (one) => { chosen = one; node.dispatchEvent(new Event("chosen")); });
  const node = h("span", { class: "external" }, box, list);
  box.value = chosen?.text ?? "";
  box.addEventListener("input", () => { if (!box.value) chosen = null; });
  return field(node, spec, block, place, quietly, { read: () => chosen?.value ?? null, write: () => {}, on: "chosen" });
}

/** The same for several: what was chosen stands before the box, each with a way to take it out. */
function externals(spec, block, place, quietly) {
  let chosen = (spec.initial_options ?? []).map(chosenOption);
  const chips = h("span", { class: "chips" });
  const set = (now) => { chosen = now; draw(); node.dispatchEvent(new Event("chosen")); };
  const { box, list } = searching(spec, block, place, (one) => {
    box.value = "";
    const full = chosen.length >= (spec.max_selected_items ?? Infinity);
    if (!full && !chosen.some(({ value }) => value === one.value)) set([...chosen, one]);
  });
  const draw = () => chips.replaceChildren(...chosen.map((one) => h("button", { type: "button", class: "chip",
    "aria-label": `Remove ${one.text}`, onclick: () => { set(chosen.filter((other) => other !== one)); box.focus(); } }, one.text, " ✕")));
  const node = h("span", { class: "external" }, chips, box, list);
  draw();
  return field(node, spec, block, place, quietly, { read: () => chosen.map(({ value }) => value), write: () => {}, on: "chosen" });
}

/** Text without its styles; what was preset may have some, and is kept until it is changed. */
function rich(spec, block, place, quietly) {
  const node = h("textarea", { rows: 4, placeholder: spec.placeholder?.text });
  const sections = spec.initial_value?.elements ?? [];
  const preset = sections.flatMap((one) => one.elements ?? []).map((one) => one.text ?? "").join("");
  node.value = preset;
  const section = () => ({ type: "rich_text_section", elements: [{ type: "text", text: node.value }] });
  return field(node, spec, block, place, quietly, {
    read: () => (node.value === preset ? spec.initial_value ?? null : { type: "rich_text", elements: [section()] }),
    write: (value) => { node.value = value?.elements?.[0]?.elements?.[0]?.text ?? ""; },
  });
}

function choice(type, name, { value, text, rich, description }, checked) {
  return h("label", { class: "choice" }, h("input", { type, name, value, checked }),
    h("span", {}, rich ? textObject(rich) : text, description && h("small", {}, textObject(description))));
}

function boxes(spec, list, initial, block, place, quietly) {
  const name = `boxes-${crypto.randomUUID()}`;
  const node = h("fieldset", { class: "choices-list", "aria-label": spec.placeholder?.text },
    list.map((one) => choice("checkbox", name, one, (initial ?? []).includes(one.value))));
  const all = () => [...node.querySelectorAll("input")];
  const limit = () => {
    const full = all().filter((box) => box.checked).length >= (spec.max_selected_items ?? Infinity);
    all().forEach((box) => { box.disabled = full && !box.checked; });
  };
  node.addEventListener("change", limit);
  limit();
  return field(node, spec, block, place, quietly, {
    read: () => all().filter((box) => box.checked).map((box) => box.value),
    write: (chosen) => all().forEach((box) => { box.checked = chosen.includes(box.value); }),
  });
}

function radios(spec, block, place, quietly) {
  const name = `radios-${crypto.randomUUID()}`;
  const node = h("fieldset", { class: "choices-list" },
    options(spec).map((one) => choice("radio", name, one, one.value === spec.initial_option?.value)));
  const all = () => [...node.querySelectorAll("input")];
  return field(node, spec, block, place, quietly, {
    read: () => all().find((box) => box.checked)?.value ?? null,
    write: (chosen) => all().forEach((box) => { box.checked = box.value === chosen; }),
  });
}

function input(type, spec, block, place, quietly) {
  const initial = spec.initial_value ?? spec.initial_date ?? spec.initial_time ?? local(spec.initial_date_time) ?? "";
  const limits = { placeholder: spec.placeholder?.text, minlength: spec.min_length, maxlength: spec.max_length };
  const node = spec.multiline
    ? h("textarea", { rows: 4, value: initial, ...limits })
    : h("input", { type, value: initial, min: spec.min_value, max: spec.max_value,
      step: spec.is_decimal_allowed ? "any" : null, ...limits });
  return field(node, spec, block, place, quietly, {
    read: () => (type === "datetime-local" && node.value ? Math.floor(new Date(node.value) / 1000) : node.value || null),
    write: (value) => { node.value = (type === "datetime-local" ? local(value) : value) ?? ""; },
  });
}

/** Seconds since 1970 as a date input wants them: local time, without a zone. */
function local(seconds) {
  if (!seconds) return null;
  const date = new Date(seconds * 1000);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** {action_id: value} of the fields inside `node` that hold something. */
export function gathered(node) {
  const fields = [...node.querySelectorAll("[data-field]")];
  return Object.fromEntries(fields.map((field) => [field.dataset.field, field.read()]).filter(([, value]) => value !== null));
}
