// What happened in a flight: marks on its profile and on the map, and a list to go from one to the next.

import { clock } from "soramichi/format.js";
import { carried, config, fetched } from "soramichi/resources.js";
import { element } from "soramichi/verdicts.js";
import { named, word } from "soramichi/words.js";

const PAGES_AT_MOST = 10;
const SERIOUS = new Set(["warning", "critical", "emergency", "fail"]);
const CALM = new Set(["info", "notice"]);

/** "serious", "watch" or "calm", whatever the scale of severities is called. */
export const weightOf = ({ severity }) => (SERIOUS.has(severity) ? "serious" : CALM.has(severity) ? "calm" : "watch");
export const WEIGHTS = { serious: "#ff5a6e", watch: "#ffc94d", calm: "#8fd3ff" };

/** The events of this flight, the first one first; [] when the server has none to tell. */
export async function happened() {
  const found = [];
  let page = carried("events") ?? (config.saved ? null : await fetched(config.resources.events).catch(() => null));
  for (let pages = 0; page && pages < PAGES_AT_MOST; pages += 1) {
    found.push(...(page.events ?? []));
    page = page.next && !config.saved ? await fetched(page.next).catch(() => null) : null;
  }
  return found.map((event) => ({ ...event, time_s: Date.parse(event.time) / 1000 }))
    .filter(({ time_s }) => Number.isFinite(time_s)).sort((a, b) => a.time_s - b.time_s);
}

export const titleOf = (event) => word(`event_${event.kind}`) ?? named(event.message) ?? event.kind;

/** Fill `list` with a button for each event; `go(time_s)` moves the replay there. */
export function listEvents(list, events, go) {
  list.replaceChildren(...events.map((event) => {
    const button = element("button", "event");
    button.type = "button";
    button.dataset.weight = weightOf(event);
    const message = named(event.message) || titleOf(event);
    button.append(element("time", "", clock(new Date(event.time_s * 1000))), element("strong", "", titleOf(event)));
    const about = named(event.zone?.name ?? event.corridor?.name);
    if (about) button.append(element("span", "about", about));
    button.title = message;
    button.addEventListener("click", () => go(event.time_s, message));
    const item = element("li");
    item.append(button);
    return item;
  }));
}
