// What can come next in a line that is being typed. Pure: no page, no network.
//
// `known` is what GET /_workspace/completion tells. A suggestion: {value, label, meaning, insert}.

const MOST = 8;

/** {typed, syntax, options} for `text` (all of it, the caret at its end); null where there is nothing to suggest. */
export function complete(text, known, names = []) {
  if (!/^[/@]/.test(text) || text.includes("\n")) return null;
  const words = text.split(/ +/);
  const typed = words.pop();
  if (!words.length) return found(typed, "", first(known, names, text[0]));
  const command = known.commands.find(({ command }) => command === words[0] || command === words[0].replace("@", "/"));
  if (!command) return null;
  if (words.length === 1) return found(typed, `${words[0]} ${command.hint}`, command.words.map(verb));
  const word = command.words.find((one) => one.word === words[1].toLowerCase());
  if (!word) return null;
  return found(typed, [words[0], word.word, ...word.arguments.map(shown)].join(" "), next(word, words.slice(2), known.values));
}

function first(known, names, sign) {
  if (sign === "@") return names.map((name) => option(`@${name}`, ""));
  return known.commands.map(({ command, meaning }) => option(command, meaning));
}

const verb = ({ word, meaning, arguments: all }) => option(word, meaning, [word, ...all.map(shown)].join(" "));
const option = (value, meaning, label = value) => ({ value, label, meaning, insert: `${value} ` });

function shown({ label, intro, required }) {
  const text = [intro, label].filter(Boolean).join(" ");
  return required ? text : `[${text}]`;
}

/** What may follow the words that were `given` to a command's word. */
function next(word, given, values) {
  const open = new Set(word.arguments);
  let announced = null;
  for (const one of given) {
    if (announced) { announced = null; continue; }
    const named = [...open].find(({ intro }) => intro && intro === one);
    open.delete(named ?? [...open].find(({ intro }) => !intro));
    announced = named?.label ? named : null;
  }
  if (announced) return offered(announced, values);
  const place = [...open].find(({ intro }) => !intro);
  const introduced = place?.required ? [] : [...open].filter(({ intro }) => intro);
  return [...(place ? offered(place, values) : []), ...introduced.map((one) => option(one.intro, "", shown(one).slice(1, -1)))];
}

const offered = ({ label }, values) => (values[label] ?? []).map(({ value, meaning }) => option(value, meaning));

/** What begins as it was typed comes first, then what contains it. */
function found(typed, syntax, all) {
  const low = typed.toLowerCase();
  const rank = ({ value }) => (value.toLowerCase().startsWith(low) ? 0 : value.toLowerCase().includes(low) ? 1 : 2);
  const options = all.filter((one) => rank(one) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
  const done = options.length === 1 && options[0].value === typed;
  return { typed, syntax, options: done ? [] : options };
}
