// The few emoji that have a name here; any other :name: stays as it was written.

const EMOJI = {
  alarm_clock: "⏰", arrow_right: "➡️", arrows_counterclockwise: "🔄", bell: "🔔", black_circle: "⚫", bug: "🐛",
  bulb: "💡", calendar: "📅", camera: "📷", check: "✔️", checkered_flag: "🏁", clock1: "🕐", cloud: "☁️", construction: "🚧",
  dash: "💨", eyes: "👀", exclamation: "❗", fire: "🔥", gear: "⚙️", ghost: "👻", green_heart: "💚", hammer: "🔨",
  hammer_and_wrench: "🛠️", hand: "✋", heart: "❤️", heavy_check_mark: "✔️", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵", large_green_circle: "🟢",
  large_orange_circle: "🟠", large_yellow_circle: "🟡", link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", moon: "🌙",
  no_entry: "⛔", no_entry_sign: "🚫", octopus: "🐙", ok: "🆗", ok_hand: "👌", package: "📦", page_facing_up: "📄",
  party_popper: "🎉", pushpin: "📌", question: "❓", raised_hands: "🙌", recycle: "♻️", red_circle: "🔴", rocket: "🚀",
  rotating_light: "🚨", scroll: "📜", seedling: "🌱", skull: "💀", sleeping: "😴", small_blue_diamond: "🔹",
  smile: "😄", snowflake: "❄️", sos: "🆘", sparkles: "✨", speech_balloon: "💬", star: "⭐", stopwatch: "⏱️",
  sunny: "☀️", tada: "🎉", test_tube: "🧪", thumbsdown: "👎", thumbsup: "👍", thinking_face: "🤔", timer_clock: "⏲️",
  traffic_light: "🚥", truck: "🚚", warning: "⚠️", wastebasket: "🗑️", wave: "👋", white_check_mark: "✅",
  white_circle: "⚪", white_large_square: "⬜", wrench: "🔧", x: "❌", zap: "⚡", zzz: "💤", "+1": "👍", "-1": "👎",
};

export const emoji = (name) => EMOJI[name] ?? null;

/** Plain text with its emoji names replaced. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
