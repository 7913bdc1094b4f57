// Slack's date tokens (<!date^1392734382^{date} at {time}|fallback>) and the times of messages, in the reader's own zone.

const format = (options) => (date) => new Intl.DateTimeFormat(undefined, options).format(date);
const long = format({ weekday: "long", year: "numeric", month: "long", day: "numeric" });
const middle = format({ year: "numeric", month: "long", day: "numeric" });
const short = format({ year: "numeric", month: "short", day: "numeric" });

const TOKENS = {
  date: middle,
  date_num: (date) => [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-"),
  date_slash: (date) => [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("/"),
  date_long: long,
  date_long_full: long,
  date_short: short,
  date_pretty: (date) => pretty(date) ?? middle(date),
  date_short_pretty: (date) => pretty(date) ?? short(date),
  date_long_pretty: (date) => pretty(date) ?? long(date),
  time: format({ hour: "2-digit", minute: "2-digit" }),
  time_secs: format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago: (date) => ago((date - Date.now()) / 1000),
};

const two = (number) => String(number).padStart(2, "0");

function pretty(date) {
  const days = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

function ago(seconds) {
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

/** The text of a date token; null if it makes no sense. A token at the beginning of the text starts with a capital. */
export function dateText(unix, template) {
  const date = new Date(Number(unix) * 1000);
  if (!/^\d+$/.test(unix) || Number.isNaN(date.getTime())) return null;
  const text = template.replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(date) ?? whole);
  return template.startsWith("{") ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const clock = (ts) => TOKENS.time(dateOf(ts));
export const day = (ts) => TOKENS.date_num(dateOf(ts));
export const dayName = (ts) => dateText(String(Math.floor(Number(ts))), "{date_long_pretty}");
export const full = (date) => date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
