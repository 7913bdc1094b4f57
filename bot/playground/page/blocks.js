// Block Kit's blocks as HTML. What is not known is named, never dropped silently.

import { element } from "./elements.js";
import { h } from "./dom.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** A list of nodes; `place` as in elements.js. */
export function blocks(list, place) {
  return list.map((block) => {
    const draw = BLOCKS[block.type];
    return draw ? draw(block, place) : h("p", { class: "unknown" }, `[a block of type ${block.type}]`);
  });
}

const BLOCKS = { section, context, actions, header, divider, image, input, markdown, rich_text: richText };

function section(block, place) {
  return h("div", { class: "section" },
    h("div", { class: "section-text" },
      block.text && h("div", {}, textObject(block.text)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, textObject(field))))),
    block.accessory && h("div", { class: "accessory" }, inside(block.accessory, block, place)));
}

const inside = (spec, block, place) => (spec.type === "image" ? picture(spec) : element(spec, block, place));

const picture = (spec) => h("img", { src: spec.image_url, alt: spec.alt_text, title: spec.alt_text, loading: "lazy" });

function context(block) {
  const draw = (one) => (one.type === "image" ? picture(one) : h("span", {}, textObject(one)));
  return h("div", { class: "context" }, block.elements.map(draw));
}

function actions(block, place) {
  return h("div", { class: "actions" }, block.elements.map((one) => element(one, block, place)));
}

function header(block) {
  return h("h3", {}, plain(block.text.text));
}

function divider() {
  return h("hr");
}

function image(block) {
  return h("figure", {}, block.title && h("figcaption", {}, plain(block.title.text)), picture(block));
}

function markdown(block) {
  return h("div", { class: "markdown" }, mrkdwn(block.text));
}

/** A label, a control, a hint, and room for what is wrong with it. */
function input(block, place) {
  const control = element(block.element, block, place, !block.dispatch_action);
  const label = [plain(block.label.text), block.optional && h("small", {}, " (optional)")];
  const hint = block.hint && h("small", { class: "hint" }, plain(block.hint.text));
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const several = control.tagName === "FIELDSET";
  if (several) control.prepend(h("legend", {}, label));
  return h("div", { class: "input", "data-block": block.block_id },
    several ? control : h("label", {}, h("span", {}, label), control), hint, wrong);
}
