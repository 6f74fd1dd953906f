// /kiosk: a big screen that nobody touches, for days. It shows what flies, one after the other;
// when nothing does, the best recorded flights, marked as such; and it mends itself.

import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { drawBasemap } from "soramichi/basemap.js";
import { aboveGround, condition, sound } from "soramichi/cards.js";
import { Events, showEvents } from "soramichi/events.js";
import { FACTS } from "soramichi/facts.js";
import { Feed, asShown } from "soramichi/feed.js";
import { clock, date, heightAndDatum, speed } from "soramichi/format.js";
import { Journeys } from "soramichi/journey.js";
import { legend } from "soramichi/legend.js";
import { worldLatLng } from "soramichi/motion.js";
import { keepForLater, tellSilence } from "soramichi/offline.js";
import { heightClass, heightColour } from "soramichi/palette.js";
import { Places } from "soramichi/places.js";
import { Playback } from "soramichi/playback.js";
import { lasted_s, recentFlights } from "soramichi/recent.js";
import { config, fetched, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { picture } from "soramichi/shapes.js";
import { surface } from "soramichi/surface.js";
import { fill, inOtherLanguage, named, word } from "soramichi/words.js";

const OVERVIEW_MS = 14_000;
const STAR_MS = 12_000;
const FACT_MS = 11_000;
const REPLAY_S = 40; // A recorded flight is played so fast that it lasts this long.
const BEST = 5;
const STARS_AT_MOST = 8;
const DESIGNED_FOR_PX = 1920;
const READ_FROM_AFAR = 1.35;
const HELD_IN_A_HAND = "(width < 600px), (height < 560px)"; // As in kiosk.css, and so the next
const STANDING = "(max-aspect-ratio: 1/1)";
const RELOAD_AFTER_ERROR_MS = 30_000;
const find = (id) => document.getElementById(id);

const map = globalThis.map_soramichi;
const wide = Math.max(1, innerWidth / DESIGNED_FOR_PX);
const closer = Math.log2(wide); // Zoom levels that fill a wider screen with the same land.
const feed = new Feed(config.paths);
const state = { star: null, turn: 0, replays: 0, fact: 0, playback: null };

const HANDLERS = ["dragging", "touchZoom", "doubleClickZoom", "scrollWheelZoom", "boxZoom", "keyboard"];
for (const handler of HANDLERS) map[handler]?.disable();
map.getContainer().removeAttribute("tabindex");
// Whatever breaks on a screen that nobody attends, a fresh start mends most of it.
for (const broken of ["error", "unhandledrejection"]) {
  addEventListener(broken, () => setTimeout(() => location.reload(), RELOAD_AFTER_ERROR_MS));
}
navigator.wakeLock?.request("screen").catch(() => {}); // Only over https; the display's settings do it else.

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
const names = new Places(config.tiles ? places.places.filter(({ kind }) => kind === "vertiport") : places.places);
const fits = (query) => matchMedia(query).matches;
const layer = new AircraftLayer(map, feed, names, fits(HELD_IN_A_HAND) ? 1 : wide * READ_FROM_AFAR);
const journeys = new Journeys(names.vertiports);
const ground = await surface();
// Where flights are bound; without corridors that is not told, and the next hour asks again.
const askCorridors = () => fetched(config.paths.corridors).then(({ features }) => journeys.take(features), () => {});
askCorridors();
setInterval(askCorridors, 3_600_000);

// What flies before what is only replayed into the stream.
const flying = () => feed.visible()
  .filter((one) => feed.presence(one) === "now" && one.state.status !== "Ground")
  .sort((a, b) => a.track.recorded - b.track.recorded)
  .slice(0, STARS_AT_MOST);
const newest = (one) => one.track.samples.at(-1);

/** One turn of the loop; answers how long it is to be looked at (ms). */
async function turn() {
  const all = flying();
  if (all.length > 0) return live(all);
  const played = await recording().catch(() => null);
  if (played !== null) return played;
  stopPlayback(); // Of a flight that is not to be seen any longer, perhaps.
  return overview([]);
}

function live(all) {
  stopPlayback();
  state.turn = (state.turn + 1) % (all.length + 1);
  if (state.turn === 0) return overview(all);
  const star = all[state.turn - 1];
  setStar(star);
  for (const one of all) feed.history(one);
  // What it flew so far, as close as that allows: a drone stays near its pad, others cross the bay.
  look(() => fit(star.track.samples, star.aircraft_class === "drone" ? 13.5 : 11));
  return STAR_MS;
}

function overview(all) {
  setStar(null);
  look(() => {
    if (all.length === 0) map.setView(config.centre, 9.5 + closer, { animate: false });
    else fit(all.map(newest));
  });
  return OVERVIEW_MS;
}

// The longest flight of each aircraft: the same one five times would bore.
function bestOf(flights) {
  const longest = new Map();
  for (const flight of flights) {
    const known = longest.get(flight.aircraft_id);
    if (!known || lasted_s(flight) > lasted_s(known)) longest.set(flight.aircraft_id, flight);
  }
  return [...longest.values()].sort((a, b) => lasted_s(b) - lasted_s(a)).slice(0, BEST);
}

async function recording() {
  const best = bestOf(await recentFlights(config.paths));
  if (best.length === 0) return null;
  const { id, aircraft_id, name, aircraft_class = "unknown" } = best[state.replays % best.length];
  state.replays += 1;
  const track = await fetched(`${config.paths.track.replace("{id}", encodeURIComponent(id))}?points=1000`);
  const playback = new Playback(track, { id: aircraft_id, name, aircraft_class }, { steady: true });
  playback.rate = Math.max(1, (playback.end_s - playback.start_s) / REPLAY_S);
  playback.play(true);
  state.playback = playback;
  layer.feed = playback;
  setStar(playback.one);
  look(() => fit(playback.one.track.samples));
  return Math.min(REPLAY_S, (playback.end_s - playback.start_s) / playback.rate) * 1000 + 4000;
}

function stopPlayback() {
  state.playback = null;
  layer.feed = feed;
}

function setStar(one) {
  state.star = one;
  layer.select(one && !state.playback ? one.id : null);
  show();
}

// Between the panels, with room for half a symbol at the sides and for a note above.
function fit(samples, maxZoom = 12) {
  const bounds = L.latLngBounds(samples.map(({ x, y }) => worldLatLng(x, y)));
  const { x: width, y: height_px } = map.getSize();
  const { left, right, top, bottom } = uncovered(map);
  const [side, above, below] = [[width, 0.03, 40], [height_px, 0.09, 95], [height_px, 0.04, 35]]
    .map(([all, share, least]) => Math.max(all * share, least));
  map.fitBounds(bounds, {
    paddingTopLeft: [left + side, top + above], paddingBottomRight: [right + side, bottom + below],
    maxZoom: maxZoom + closer, animate: false,
  });
}

// A short fade hides the cut: to slide there would ask too much of a machine without a graphics card.
function look(move) {
  const chart = document.querySelector(".chart");
  chart.classList.add("away");
  setTimeout(() => {
    move();
    chart.classList.remove("away");
  }, 450);
}

function write(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

function pair(id, key, ...values) {
  const [own, other] = find(id).children;
  own.textContent = word(key, ...values);
  other.textContent = inOtherLanguage(() => word(key, ...values));
}

function show() {
  // Withdrawn, or shown otherwise from now on.
  if (state.star && !state.playback) state.star = feed.aircraft.get(state.star.id) ?? null;
  state.playback?.settle();
  const shown = new Date(feed.settled_s * 1000);
  write("clock", clock(shown).slice(0, 5));
  write("date", `${date(shown)} ${word("jst")}`);
  find("link").dataset.link = feed.link;
  write("link-word", word(feed.link));
  find("star").hidden = state.star === null;
  // Whoever comes in while a recording runs must see at once that this is not now.
  const recorded = Boolean(state.star?.track.recorded);
  find("recording").hidden = !recorded;
  document.body.classList.toggle("recorded", recorded);
  if (state.star) showStar(state.star);
}

function showStar(newest) {
  const one = asShown(newest);
  write("star-name", named(one.name));
  write("star-other", inOtherLanguage(() => `${named(one.name)} · ${word(one.aircraft_class)}`));
  const recorded = one.track.recorded;
  const at = state.playback ? one.track.samples[0].time_s * 1000 : Date.parse(one.state.time);
  const presence = state.playback ? "now" : feed.presence(one);
  // Of a recording that it is one stands above it in both languages; here is no room for two dates.
  const mark = () => (recorded
    ? { kind: "recorded", text: word("recordedOn", date(new Date(at))) }
    : condition(one, presence, feed.silence_s(one)));
  writeLines("star-mark", [[mark().text, recorded ? "" : inOtherLanguage(mark).text]]);
  find("star-mark").dataset.kind = mark().kind;
  const above = ground.heightAbove(one.state);
  both("star-height", () => [...heightAndDatum(one.state), aboveGround(one.state, above)]);
  write("star-speed", speed(one.state));
  both("star-sound", () => sound(one, above));
  showWay(state.playback ? {} : journeys.of(one));
  const colour = heightColour(heightClass(one.state.altitude_m));
  const key = `${one.aircraft_class} ${colour}`;
  if (state.painted !== key) find("star-icon").replaceChildren(picture(one.aircraft_class, colour));
  state.painted = key;
}

// What is read first is large; below it the rest, a line for each fact, in both languages.
function both(id, texts) {
  const others = inOtherLanguage(texts);
  const [[first, translated], ...more] = texts().map((text, i) => [text, alike(text, others[i]) ? "" : others[i]]);
  write(id, first);
  writeLines(`${id}-other`, [["", translated], ...more]);
}

// A span of numbers reads the same with either language's mark between them.
const alike = (text, other) => text.replace("〜", "–") === other.replace("〜", "–");

/** A line for each [text, its translation]; a small screen leaves out the translations. */
function writeLines(id, lines) {
  const said = lines.filter(([own, other]) => own || other);
  const key = JSON.stringify(said);
  if (find(id).dataset.said === key) return;
  find(id).dataset.said = key;
  find(id).replaceChildren(...said.map(([own, other]) => {
    const span = (name, ...content) => {
      const made = document.createElement("span");
      made.className = name;
      made.append(...content);
      return made;
    };
    return span("line", own, ...(own && other ? [span("dot", " · ")] : []), span("translated", other));
  }));
}

function showWay({ from, to, expected, left_s }) {
  find("star-route").hidden = !from && !to;
  if (!from && !to) return;
  pair("star-route", "journey", from, to);
  const left = () => [expected ? word("expected") : "", left_s === null ? "" : word("minutesLeft", Math.round(left_s / 60))];
  writeLines("star-left", [[left().filter(Boolean).join(" · "), inOtherLanguage(left).filter(Boolean).join(" · ")]]);
}

function nextFact() {
  state.fact = (state.fact + 1) % (FACTS.length + 1);
  tellFact(FACTS[state.fact]);
}

/** Without a fact, how many fly. */
function tellFact(fact) {
  if (fact) {
    const [own, other] = find("fact").children;
    own.textContent = named(fact);
    other.textContent = inOtherLanguage(() => named(fact));
  } else {
    pair("fact", "flyingCount", flying().length);
  }
  const from = () => (fact?.source ? word("source", named(fact.source)) : "");
  writeLines("source", [[from(), inOtherLanguage(from)]]);
}

async function loop() {
  const wait = await turn();
  setTimeout(loop, wait);
}

fill();
legend(find("heights"), find("classes"));
feed.on("link", show);
feed.on("shown", show);
setInterval(nextFact, FACT_MS);
nextFact();
const events = new Events(feed, config.paths.events);
showEvents(events, {
  list: null, notes: find("notes"), nameOf: (id) => named(feed.aircraft.get(id)?.name) || id,
  notesAtMost: fits(HELD_IN_A_HAND) || fits(STANDING) ? 1 : 3, translated: true,
});
tellSilence(feed, find("cut"), { translated: true });
keepForLater(feed);
feed.start();
globalThis.soramichi = { events, feed, layer, map, state, tellFact, turn };
// The first look waits for the first answer, or says after a while that there is none.
const begun = Date.now();
const begin = setInterval(() => {
  if (!feed.ready && Date.now() - begun < 8000) return;
  clearInterval(begin);
  loop();
}, 200);
