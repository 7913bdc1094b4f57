// The page as a whole: follows the state, draws its parts, remembers in the address where one is.

import { follow } from "./api.js";
import { composer } from "./composer.js";
import { showHome } from "./home.js";
import { showMessages } from "./messages.js";
import { showModal } from "./modals.js";
import { showSidebar } from "./sidebar.js";
import { HOME, channel, direct, here, learn, me, nameOf, people, thread, threads, topLevel, world } from "./state.js";

const $ = (id) => document.getElementById(id);
const SENT_TO = "@octopod"; // the direct messages with the bot, before there are any

const writer = composer($("composer"), () => ({ channel: here.channel, thread: null }));
const replier = composer($("reply-composer"), () => ({ channel: here.channel, thread: here.thread }));

// -- where one is: #/alice/C02STAGINGS/1700000000.000100

function readAddress() {
  const archive = location.pathname.match(/^\/archives\/([^/]+)(?:\/p(\d{10})(\d{6}))?/);
  if (archive) return fromPermalink(...archive.slice(1));
  const [, person, place, ts] = location.hash.split("/").map(decodeURIComponent);
  return { person: people().find(({ name }) => name === person)?.id, channel: place, thread: ts ?? null };
}

function fromPermalink(place, seconds, fraction) {
  const parent = new URLSearchParams(location.search).get("thread_ts");
  spotlight = seconds ? `${seconds}.${fraction}` : null;
  return { channel: place, thread: parent };
}

/** A message to scroll to once it is drawn. */
let spotlight = null;

function writeAddress() {
  const address = `/#/${[me()?.name, here.channel, here.thread].filter(Boolean).map(encodeURIComponent).join("/")}`;
  if (location.pathname + location.hash !== address) history.pushState(null, "", address);
}

function settle(wish) {
  const person = wish.person ?? here.person ?? localStorage.getItem("person");
  here.person = people().some(({ id }) => id === person) ? person : people()[0].id;
  const known = wish.channel === HOME || wish.channel === SENT_TO || reachable(wish.channel);
  here.channel = known ? wish.channel : (world.channels.find(({ name }) => name === "stagings") ?? world.channels[0]).id;
  here.thread = known && reachable(here.channel) && thread(channel(here.channel), wish.thread).length ? wish.thread : null;
  localStorage.setItem("person", here.person);
}

/** Channels, and one's own direct messages. */
const reachable = (id) => Boolean(channel(id)) && (!channel(id).is_im || channel(id).user === here.person);

function go(changes) {
  settle({ ...here, ...changes });
  writeAddress();
  draw();
  $("messages").scrollTop = changes.channel || changes.person ? $("messages").scrollHeight : $("messages").scrollTop;
  if (changes.thread) replier.focus();
  else if (changes.channel && here.channel !== HOME) writer.focus();
}

// -- drawing

function draw() {
  if (here.channel === SENT_TO && direct()) here.channel = direct().id;
  const news = showSidebar(go);
  const title = titleOf(here.channel);
  $("channel-name").textContent = title;
  document.title = `${news ? `(${news}) ` : ""}${title} · Octopod playground, not Slack`;
  drawThread(title); // first, for it takes its room from the channel
  drawChannel(title);
  showModal();
  shine();
}

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
  showMessages($("messages"), list, topLevel(list), { replies: threads(list), open: (ts) => go({ thread: ts }) });
  writer.refresh(`Message ${title}`);
}

function drawThread(title) {
  const there = channel(here.channel);
  const list = here.thread && there ? thread(there, here.thread) : [];
  $("thread").hidden = !list.length;
  document.body.classList.toggle("with-thread", Boolean(list.length));
  if (!list.length) return;
  $("thread-name").textContent = `Thread in ${title}`;
  showMessages($("replies"), there, list);
  replier.refresh(`Reply to ${nameOf(list[0].user)}`);
}

/** Show where a permalink led to, once. */
function shine() {
  const node = spotlight && document.querySelector(`${here.thread ? "#replies" : "#messages"} [data-ts="${spotlight}"]`);
  if (!node) return;
  spotlight = null;
  node.scrollIntoView({ block: "center" });
  node.classList.add("spotlight");
}

// -- events

$("thread-close").addEventListener("click", () => go({ thread: null }));
$("thread").addEventListener("keydown", (event) => { if (event.key === "Escape") go({ thread: null }); });

addEventListener("popstate", () => { settle(readAddress()); draw(); });

// Permalinks lead to this very page, by whichever of its names: no new tab for them.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const address = link && new URL(link.href);
  const ours = address && address.port === location.port && ["localhost", "127.0.0.1"].includes(address.hostname);
  if (!ours || !address.pathname.startsWith("/archives/")) return;
  event.preventDefault();
  history.pushState(null, "", address.pathname + address.search);
  settle(readAddress());
  writeAddress();
  draw();
});

let begun = false;

follow(
  (state) => {
    learn(state);
    if (!begun) { settle(readAddress()); writeAddress(); begun = true; }
    draw();
  },
  (lost) => {
    $("banner").hidden = !lost;
    $("banner").textContent = "The stand-in for Slack does not answer. Trying again…";
  },
);
