// What is known about the workspace, where we are in it, and as whom.

/** The last state that the stand-in told; see GET /_workspace/state. */
export let world = { seq: -1, users: [], usergroups: [], channels: [], views: [], homes: {} };

/** `channel` is an id, or HOME; `thread` the ts of the parent whose thread is open, or null. */
export const here = { person: null, channel: null, thread: null };

export const HOME = "home";
/** The direct messages with the bot, before there are any. */
export const DIRECT = "@octopod";

export function learn(state) {
  world = state;
  for (const { id } of people()) seen[id] ??= Object.fromEntries(world.channels.map((one) => [one.id, last(one)]));
}

export const people = () => world.users.filter((user) => !user.is_bot);
export const bot = () => world.users.find((user) => user.is_bot && user.name === "octopod");
export const user = (id) => world.users.find((user) => user.id === id);
export const nameOf = (id) => user(id)?.name ?? id;
export const channel = (id) => world.channels.find((channel) => channel.id === id);
export const me = () => user(here.person);

/** The person's direct messages with the bot; null before the first one. */
export const direct = () => world.channels.find((channel) => channel.is_im && channel.user === here.person) ?? null;

export const visible = (message) => !message.ephemeral_to || message.ephemeral_to === here.person;

/** What stands in the channel itself; replies only if they were sent there as well. */
export function topLevel(channel) {
  return (channel?.messages ?? []).filter((message) => visible(message) && (!message.thread_ts || message.broadcast));
}

/** The parent and its replies. */
export function thread(channel, ts) {
  const all = (channel?.messages ?? []).filter(visible);
  return all.filter((message) => message.ts === ts || message.thread_ts === ts);
}

/** By parent: how many replies everybody sees, and when the last one came. */
export function threads(channel) {
  const found = new Map();
  for (const message of channel?.messages ?? []) {
    if (!message.thread_ts || message.ephemeral_to || message.deleted) continue;
    const count = (found.get(message.thread_ts)?.count ?? 0) + 1;
    found.set(message.thread_ts, { count, last: message.ts });
  }
  return found;
}

/** The person's modal on top of the stack, or null. */
export function topView() {
  const mine = world.views.filter((view) => view.user === here.person);
  const covered = new Set(mine.map(({ view }) => view.previous_view_id));
  return mine.findLast((view) => !covered.has(view.id)) ?? null;
}

const SEEN = "seen";
/** By person, by channel: the ts of the last message that they have seen. What was there at first is no news. */
const seen = JSON.parse(localStorage.getItem(SEEN) ?? "{}");

const last = (channel) => channel.messages.at(-1)?.ts ?? "0";

/** What came to a channel since the person last looked: {count, mentions}. */
export function unread(channel) {
  if (channel.id === here.channel && document.visibilityState === "visible") look(channel);
  const mark = seen[here.person]?.[channel.id] ?? "0";
  const fresh = channel.messages.filter((message) => message.ts > mark && isNews(message));
  return { count: fresh.length, mentions: fresh.filter((message) => mentions(message, here.person)).length };
}

function look(channel) {
  const mine = (seen[here.person] ??= {});
  if (mine[channel.id] === last(channel)) return;
  mine[channel.id] = last(channel);
  localStorage.setItem(SEEN, JSON.stringify(seen));
}

function isNews(message) {
  return visible(message) && message.user !== here.person && (!message.thread_ts || mentions(message, here.person));
}

/** Whether a message names the person, in its text or its blocks. */
export function mentions(message, person) {
  return JSON.stringify([message.text, message.blocks]).includes(`<@${person}`);
}
