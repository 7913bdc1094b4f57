// The app's home tab of a person.

import { blocks } from "./blocks.js";
import { h, reconcile } from "./dom.js";
import { inView } from "./modals.js";
import { here, world } from "./state.js";

const EMPTY = { type: "home", blocks: [], empty: true };

export function showHome(container) {
  const view = world.homes[here.person] ?? EMPTY;
  reconcile(container, [view], {
    key: () => `home/${here.person}`,
    stamp: JSON.stringify,
    draw: () => {
      if (view.empty) return h("p", { class: "unknown" }, "Octopod has not put anything here yet.");
      const page = h("div", { class: "home-tab" });
      page.append(...blocks(view.blocks, inView("home", () => page)));
      return page;
    },
  });
}
