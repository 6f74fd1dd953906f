// The flights of late, to be replayed: what there is to see when nothing flies.

import { clock, date, duration } from "soramichi/format.js";
import { fetched } from "soramichi/resources.js";
import { named, onLanguage, word } from "soramichi/words.js";

const EVERY_MS = 60_000;
const SHOWN = 6;

/** How long a flight was observed (s). */
export const lasted_s = ({ first_observed_at, last_observed_at }) =>
  (Date.parse(last_observed_at) - Date.parse(first_observed_at)) / 1000;

/** The newest stored flights of more than a moment: [{id, name, first_observed_at, last_observed_at}]. */
export async function recentFlights(paths) {
  const { flights } = await fetched(paths.flights);
  return flights.filter((flight) => lasted_s(flight) > 0)
    .sort((a, b) => Date.parse(b.last_observed_at) - Date.parse(a.last_observed_at));
}

/** Keep `list` filled with links to the newest flights. */
export function showRecent(list, paths) {
  let flights = [];
  const write = () => list.replaceChildren(...flights.slice(0, SHOWN).map((flight) => item(flight, paths)));
  const renew = async () => {
    // Nothing is lost without it; the next minute asks again.
    flights = await recentFlights(paths).catch(() => flights);
    write();
  };
  onLanguage(write);
  renew();
  setInterval(renew, EVERY_MS);
}

function item(flight, paths) {
  const { id, name } = flight;
  const from = new Date(flight.first_observed_at);
  const link = document.createElement("a");
  link.href = paths.replay.replace("{id}", encodeURIComponent(id));
  const title = document.createElement("strong");
  title.textContent = named(name) || id;
  const when = document.createElement("span");
  when.textContent = `${date(from)} ${clock(from)} · ${word("lasted", duration(lasted_s(flight)))}`;
  link.append(title, when);
  const made = document.createElement("li");
  made.append(link);
  return made;
}
