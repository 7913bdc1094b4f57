// The stand-in's own interface, /_workspace: what people do, and the state of everything.

/** {status, ok, …} of the answer; a server that is away is told as {status: 0, ok: false, error}. */
export async function act(what, body) {
  try {
    const response = await fetch(`/_workspace/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...(await response.json()) };
  } catch (error) {
    return { status: 0, ok: false, error: `The stand-in does not answer (${error.message}).` };
  }
}

/** What can be typed, as GET /_workspace/completion tells it; null when it cannot be had. */
export async function learnCompletion() {
  try {
    const response = await fetch("/_workspace/completion", { cache: "no-store" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

const LONG = 25;

/** What the bot sent and was sent after `since`, as soon as there is something. `signal` ends the waiting. */
export async function traffic(since, signal) {
  const response = await fetch(`/_workspace/traffic?since=${since}&wait=${LONG}`, { signal, cache: "no-store" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/** Calls `changed(state)` whenever something is new, and `lost(true|false)` when the connection goes or comes. */
export async function follow(changed, lost) {
  let since = -1;
  for (;;) {
    try {
      const signal = AbortSignal.timeout((LONG + 15) * 1000);
      const response = await fetch(`/_workspace/state?since=${since}&wait=${LONG}`, { signal, cache: "no-store" });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const state = await response.json();
      lost(false);
      if (state.seq !== since) show(changed, state);
      since = state.seq;
    } catch (error) {
      console.warn("state:", error);
      lost(true);
      since = -1;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** A mistake in drawing is not a lost connection. */
function show(changed, state) {
  try {
    changed(state);
  } catch (error) {
    console.error(error);
  }
}
