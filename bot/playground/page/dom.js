// Making DOM nodes. Text only ever becomes text: nothing that was written by anybody is parsed as HTML.

/** h("a", {class: "x", href: "…", onclick: f}, "text", node, [more], null) */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/**
 * Bring `container` in step with `items` without touching what did not change.
 * `key(item)` says which node an item has, `stamp(item)` changes when it must be drawn again.
 */
export function reconcile(container, items, { key, stamp, draw }) {
  const known = (container.drawn ??= new Map());
  const wanted = new Map(items.map((item) => [key(item), item]));
  for (const [name, { node }] of known) {
    if (!wanted.has(name)) { node.remove(); known.delete(name); }
  }
  let next = container.firstChild;
  for (const [name, item] of wanted) {
    const before = known.get(name)?.node;
    const node = current(known, name, stamp(item), () => draw(item));
    if (next && next === before) next = node;
    if (node === next) next = next.nextSibling;
    else container.insertBefore(node, next);
  }
}

function current(known, name, mark, draw) {
  const old = known.get(name);
  if (old && old.mark === mark) return old.node;
  const node = draw();
  known.set(name, { mark, node });
  if (old) replace(old.node, node);
  return node;
}

/** Put `fresh` where `old` is. What was typed, and the keyboard's place, move along. */
export function replace(old, fresh) {
  for (const field of old.querySelectorAll("[data-field]")) {
    const twin = fresh.querySelector(`[data-field="${CSS.escape(field.dataset.field)}"]`);
    if (twin && field.touched && twin.carry) twin.carry(field);
  }
  const spot = old.contains(document.activeElement) ? spotOf(old, document.activeElement) : null;
  old.replaceWith(fresh);
  if (spot) spotIn(fresh, spot)?.focus({ preventScroll: true });
}

const FOCUSABLE = "button, input, select, textarea, a[href], [tabindex]";

/** Where the keyboard is, in words that hold after a redraw: the nth place of that name, and the how manieth in it. */
function spotOf(old, node) {
  const place = node.closest("[data-spot]");
  if (!place) return null;
  const name = `[data-spot="${CSS.escape(place.dataset.spot)}"]`;
  return { name, nth: [...old.querySelectorAll(name)].indexOf(place), at: [...place.querySelectorAll(FOCUSABLE)].indexOf(node) };
}

function spotIn(fresh, { name, nth, at }) {
  const place = fresh.matches(name) ? fresh : fresh.querySelectorAll(name)[nth];
  const inside = [...(place?.querySelectorAll(FOCUSABLE) ?? [])];
  if (at < 0) return place;
  return inside[at]?.checkVisibility() ? inside[at] : inside[0] ?? place;
}
