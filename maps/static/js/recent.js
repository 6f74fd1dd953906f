// The flights of late, to be replayed: what there is to see when nothing flies.

import { clock, date, duration } from "soramichi/format.js";
import { fetched } from "soramichi/resources.js";
import { named, onLanguage, word } from "soramichi/words.js";

const EVERY_MS = 60_000;
const SHOWN = 6;

/** The newest stored flights: [{id, name, first_observed_at, last_observed_at, sample_count}]. */
export async function recentFlights(paths) {
  const { flights } = await fetched(paths.flights);
  return flights.filter(({ sample_count }) => sample_count > 1)
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

function item({ id, name, first_observed_at, last_observed_at }, paths) {
  const [from, until] = [new Date(first_observed_at), new Date(last_observed_at)];
  const link = document.createElement("a");
  link.href = paths.replay.replace("{id}", encodeURIComponent(id));
  const title = document.createElement("strong");
  title.textContent = named(name) || id;
  const when = document.createElement("span");
  when.textContent = `${date(from)} ${clock(from)} · ${word("lasted", duration((until - from) / 1000))}`;
  link.append(title, when);
  const made = document.createElement("li");
  made.append(link);
  return made;
}
