// The page as a whole: follows the state, draws its parts, and moves between them.

import { readAddress, writeAddress } from "./address.js";
import { follow } from "./api.js";
import { composer } from "./composer.js";
import { showHome } from "./home.js";
import { inspector } from "./inspector.js";
import { keyboard } from "./keyboard.js";
import { showMessages } from "./messages.js";
import { showModal } from "./modals.js";
import { toEnd } from "./scrolling.js";
import { showSidebar, sidebarDrawer } from "./sidebar.js";
import { DIRECT, HOME, channel, direct, here, learn, nameOf, people, thread, threads, topLevel, world } from "./state.js";
import { tools } from "./tools.js";
import { nobodyDeployed, welcome } from "./tries.js";

const $ = (id) => document.getElementById(id);

const writer = composer($("composer"), () => ({ channel: here.channel, thread: null }));
const replier = composer($("reply-composer"), () => ({ channel: here.channel, thread: here.thread }));
const drawer = sidebarDrawer($("menu"), $("sidebar"));
const inspecting = inspector($("inspector"), (where) => { place(where.channel, where.thread); spotlight = where.ts; shine(); });

/** A message to scroll to once it is drawn. */
let spotlight = null;

// -- where one is

function settle(wish) {
  const person = wish.person ?? here.person ?? localStorage.getItem("person");
  here.person = people().some(({ id }) => id === person) ? person : people()[0].id;
  const known = wish.channel === HOME || wish.channel === DIRECT || reachable(wish.channel);
  here.channel = known ? wish.channel : (world.channels.find(({ name }) => name === "stagings") ?? world.channels[0]).id;
  here.thread = known && reachable(here.channel) && thread(channel(here.channel), wish.thread).length ? wish.thread : null;
  localStorage.setItem("person", here.person);
}

/** Channels, and one's own direct messages. */
const reachable = (id) => Boolean(channel(id)) && (!channel(id).is_im || channel(id).user === here.person);

function go(changes) {
  const before = { ...here };
  settle({ ...here, ...changes });
  writeAddress();
  drawer.close();
  draw();
  if (here.channel !== before.channel || here.person !== before.person) toEnd($("messages"));
  if (changes.person) return; // the keyboard stays with the choice of the person
  if (here.thread) replier.focus();
  else if (before.thread) focusMessage(before.thread);
  else if (here.channel !== HOME) writer.focus();
}

/** Where the keyboard was before a thread was opened. */
const focusMessage = (ts) => (document.querySelector(`#messages [data-ts="${ts}"]`) ?? $("messages")).focus();

function place(id, ts) {
  if (id !== here.channel || (ts ?? null) !== here.thread) go({ channel: id, thread: ts ?? null });
}

function arrive() {
  const address = readAddress();
  spotlight = address.spotlight ?? null;
  settle(address);
  draw();
}

// -- drawing

function draw() {
  if (here.channel === DIRECT && direct()) here.channel = direct().id;
  const news = showSidebar(go);
  const title = titleOf(here.channel);
  $("channel-name").textContent = title;
  $("topic").textContent = TOPICS[title] ?? "";
  document.title = `${news ? `(${news}) ` : ""}${title} · Octopod playground, not Slack`;
  drawer.news(news);
  drawThread(title); // first, for it takes its room from the channel
  drawChannel(title);
  showModal();
  shine();
}

const TOPICS = {
  "#general": "Anything at all",
  "#stagings": "One card per staging; what happens to it is in its thread",
  "#stagings-alerts": "One message per breakage",
};

function titleOf(id) {
  if (id === HOME) return "Octopod: home";
  const there = channel(id);
  return !there || there.is_im ? "Octopod: messages" : `#${there.name}`;
}

function drawChannel(title) {
  const there = channel(here.channel);
  $("composer").hidden = here.channel === HOME;
  if (here.channel === HOME) { showHome($("messages")); return; }
  const list = { id: here.channel, messages: [], ...there };
  showMessages($("messages"), list, topLevel(list), {
    replies: threads(list),
    open: (ts) => go({ thread: ts }),
    calls: inspecting.show,
    before: nobodyDeployed(there) ? () => welcome((text) => writer.enter(text)) : null,
  });
  writer.refresh(`Message ${title}`);
}

function drawThread(title) {
  const there = channel(here.channel);
  const list = here.thread && there ? thread(there, here.thread) : [];
  $("thread").hidden = !list.length;
  document.body.classList.toggle("with-thread", Boolean(list.length));
  if (!list.length) return;
  $("thread-name").textContent = `Thread in ${title}`;
  showMessages($("replies"), there, list, { calls: inspecting.show });
  replier.refresh(`Reply to ${nameOf(list[0].user)}`);
}

/** Show where a permalink led to, once. */
function shine() {
  const node = spotlight && document.querySelector(`${here.thread ? "#replies" : "#messages"} [data-ts="${spotlight}"]`);
  if (!node) return;
  spotlight = null;
  node.scrollIntoView({ block: "center" });
  node.classList.add("spotlight");
  node.focus({ preventScroll: true });
}

// -- events

for (const id of ["thread-close", "thread-back"]) $(id).addEventListener("click", () => go({ thread: null }));
$("thread").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) go({ thread: null });
});

addEventListener("popstate", arrive);

// Permalinks lead to this very page, by whichever of its names: no new tab for them.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const address = link && new URL(link.href);
  const ours = address && address.port === location.port && ["localhost", "127.0.0.1"].includes(address.hostname);
  if (!ours || !address.pathname.startsWith("/archives/")) return;
  event.preventDefault();
  history.pushState(null, "", address.pathname + address.search);
  arrive();
  writeAddress();
});

for (const skip of document.querySelectorAll("a.skip")) {
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    if (skip.hash === "#composer" && !$("composer").hidden) writer.focus();
    else $("messages").focus();
  });
}

/** What is tried happens where its card will be. */
function tried(text) {
  go({ channel: world.channels.find(({ name }) => name === "stagings")?.id, thread: null });
  return writer.enter(text);
}

const shortcuts = keyboard({ go, inspector: inspecting.toggle });
tools($("tools"), { tried, inspecting, shortcuts });

let begun = false;

follow(
  (state) => {
    learn(state);
    if (begun) draw();
    else { begun = true; arrive(); writeAddress(); }
  },
  (lost) => {
    $("banner").hidden = !lost;
    $("banner").textContent = "The stand-in for Slack does not answer. Trying again…";
  },
);
