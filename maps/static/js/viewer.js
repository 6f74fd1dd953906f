// The live pages, / and /live: one map, one list, one stream.

import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { drawBasemap } from "soramichi/basemap.js";
import { Cards } from "soramichi/cards.js";
import { controls } from "soramichi/controls.js";
import { Events, showEvents } from "soramichi/events.js";
import { DELAY_S, Feed } from "soramichi/feed.js";
import { clock, date } from "soramichi/format.js";
import { Journeys } from "soramichi/journey.js";
import { worldLatLng } from "soramichi/motion.js";
import { keepForLater, tellSilence } from "soramichi/offline.js";
import { Places } from "soramichi/places.js";
import { Profile, heightsIn } from "soramichi/profile.js";
import { showRecent } from "soramichi/recent.js";
import { config, fetched, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { SavedFeed } from "soramichi/saved.js";
import { sheet } from "soramichi/sheet.js";
import { surface } from "soramichi/surface.js";
import { named, onLanguage, word } from "soramichi/words.js";
import { Zones } from "soramichi/zones.js";

const FOLLOW_MS = 1000;
const CLOSE_ZOOM = { drone: 13 }; // A drone stays near its pad, others cross the bay.
const CLOSE_ZOOM_ELSE = 11.5;
const SPOKEN_EVERY_MS = 15_000;
const SETTLES_MS = 4000; // Whence and whither are known a moment after the aircraft.
const find = (id) => document.getElementById(id);

const map = globalThis.map_soramichi;
const feed = config.saved ? new SavedFeed(config.paths) : new Feed(config.paths);
const quiet = matchMedia("(prefers-reduced-motion: reduce)");
const state = { selected: null, following: false, fitted: 0, settles: Infinity, spoken: 0, lastWords: "" };

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
const names = new Places(config.tiles ? places.places.filter(({ kind }) => kind === "vertiport") : places.places);
const layer = new AircraftLayer(map, feed, names);
const journeys = new Journeys(names.vertiports);
const knowledge = { feed, journeys, surface: await surface() };
const cards = new Cards(find("aircraft"), knowledge, (id) => choose(id === state.selected ? null : id, { closer: true }));
const zones = config.zones ? new Zones(map, config.paths, find("zones"), find("zone"), {
  corridors: (features) => journeys.take(features),
  names: (found) => {
    names.name(found);
    layer.dirty = true;
  },
}) : null;
const events = new Events(feed, config.paths.events);

/** Choose an aircraft, or none; `closer` goes in so far that it is alone, but never out. */
function choose(id, { closer = false } = {}) {
  leaveAlone();
  state.selected = id;
  cards.selected = id;
  layer.select(id);
  const one = feed.aircraft.get(id);
  const close = CLOSE_ZOOM[one?.aircraft_class] ?? CLOSE_ZOOM_ELSE;
  follow(Boolean(one), closer ? Math.max(close, map.getZoom()) : map.getZoom());
  if (one) feed.history(one, 2000);
  renew();
  // The chosen card stands first: that is where to look.
  for (const scrolled of [find("aircraft"), find("aircraft").parentElement]) scrolled.scrollTop = 0;
}

function follow(on, zoom) {
  state.following = on;
  const button = find("follow");
  button.hidden = state.selected === null;
  button.setAttribute("aria-pressed", String(on));
  button.textContent = word(on ? "following" : "follow");
  if (on) centre(zoom);
}

function centre(zoom = map.getZoom()) {
  if (layer.view.zooming) return; // What goes on is not to be broken off; the next second comes.
  const drawn = feed.aircraft.get(state.selected)?.track.at(feed.shown_s());
  if (!drawn) return;
  const still = { animate: false };
  const moving = quiet.matches ? { pan: still, zoom: still } : { pan: { animate: true, duration: FOLLOW_MS / 1000, easeLinearity: 1 } };
  // To the middle of what can be seen, not of what lies under the panels.
  const { left, right, top, bottom } = uncovered(map);
  const middle = map.project(worldLatLng(drawn.x, drawn.y), zoom).add([(right - left) / 2, (bottom - top) / 2]);
  map.setView(map.unproject(middle, zoom), zoom, moving);
}

/** Where they are, where they come from and where they are bound, as far as that is known. */
function everywhere() {
  return feed.visible().flatMap((one) => {
    const { from, to } = journeys.of(one);
    return [one.track.samples.at(-1), from, to].filter((place) => Number.isFinite(place?.x));
  });
}

// When the page opens, and until it knows the whole picture or somebody moves the map.
function fitFirst() {
  const { length } = everywhere();
  if (length <= state.fitted || Date.now() > state.settles) return;
  if (state.fitted === 0) state.settles = Date.now() + SETTLES_MS;
  state.fitted = length;
  showEverything(false); // A second look is lost while the map still glides to the first.
}

const leaveAlone = () => {
  state.settles = 0;
};

function showEverything(animate = !quiet.matches) {
  follow(false);
  const seen = everywhere();
  if (seen.length === 0) return;
  const bounds = L.latLngBounds(seen.map(({ x, y }) => worldLatLng(x, y)));
  // Room for the panels that lie on the map, and for the names right of the aircraft.
  const { left, right, top, bottom } = uncovered(map);
  map.fitBounds(bounds, {
    paddingTopLeft: [left + 40, top + 40], paddingBottomRight: [right + 120, bottom + 40],
    maxZoom: 11.5, animate,
  });
}

function renew() {
  const all = cards.show();
  // One that stands on the ground has a card, but does not fly.
  const flying = config.saved ? all : all.filter(({ shown, state }) => (shown ?? state).status !== "Ground");
  find("count").textContent = feed.ready ? word("count", flying.length) : "";
  find("nothing").hidden = all.length > 0;
  find("nothing-title").textContent = word(feed.ready ? "nothing" : "loading");
  find("nothing-help").hidden = !feed.ready;
  find("clock").textContent = `${clock(new Date(feed.settled_s * 1000))} ${word("jst")}`;
  find("delay").textContent = config.saved ? date(new Date(feed.settled_s * 1000)) : word("delay", DELAY_S);
  fitFirst();
  if (all.length <= config.histories) for (const one of all) feed.history(one);
  showSide();
  speak(flying);
}

// The chosen aircraft from the side, as far as the page knows its flight.
function showSide() {
  const side = find("side");
  if (!side) return;
  const one = feed.aircraft.get(state.selected);
  // As far as it is drawn: what came since is told when its time has come.
  const samples = one?.track.samples.slice(0, (one.passed ?? Infinity) + 1) ?? [];
  side.hidden = samples.length < 2;
  if (side.hidden || side.clientWidth === 0) return;
  const { altitude_datum } = one.shown;
  const comparable = heightsIn(samples, altitude_datum);
  const { time_s, altitude_m } = comparable.at(-1);
  new Profile(find("profile"), comparable, altitude_datum).draw(time_s, altitude_m);
}

// A screen reader hears what changed, at most every fifteen seconds.
function speak(all) {
  if (!feed.ready || Date.now() - state.spoken < SPOKEN_EVERY_MS) return;
  const words = word("summary", all.length, all.slice(0, 5).map((one) => named(one.name)).join(", "));
  if (words === state.lastWords) return;
  state.spoken = Date.now();
  state.lastWords = words;
  find("spoken").textContent = words;
}

function showLink() {
  const pill = find("link");
  pill.dataset.link = feed.link;
  find("link-word").textContent = word(feed.link);
}

controls(map, () => showEverything());
onLanguage(() => {
  document.title = `${word("title")} · ${word("tagline")}`;
  state.lastWords = "";
  follow(state.following);
  showLink();
  renew();
});
feed.on("link", showLink);
feed.on("states", renew);
feed.on("shown", renew);
setInterval(() => state.following && centre(), FOLLOW_MS);

find("follow").addEventListener("click", () => follow(!state.following));
map.on("dragstart", () => follow(false));
for (const touch of ["pointerdown", "wheel", "keydown"]) map.getContainer().addEventListener(touch, leaveAlone, { passive: true });
// An aircraft lies above a zone: only where there is none, the zone is meant.
map.on("click", (event) => {
  const one = layer.nearest(event.containerPoint);
  choose(one?.id ?? null);
  if (one || zones?.at !== event.originalEvent) zones?.press(null);
});
find("zones-on")?.addEventListener("change", (event) => zones.show(event.target.checked));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  choose(null);
  zones?.press(null);
});

if (config.page === "home") showRecent(find("recent"), config.paths);
showEvents(events, {
  list: find("events"), notes: find("notes"),
  nameOf: (id) => named(feed.aircraft.get(id)?.name) || id,
  choose: ({ aircraft, lon, lat }) => {
    choose(feed.aircraft.has(aircraft) ? aircraft : null, { closer: true });
    if (!state.selected && Number.isFinite(lon)) map.panTo([lat, lon], { animate: !quiet.matches });
  },
});
sheet(find("list"), find("handle"), () => state.following ? centre() : map.fire("move"));
tellSilence(feed, find("cut"));
if (!config.saved) keepForLater(feed);
if (!zones && !config.saved) {
  // Without zones on the page the corridors still tell where a flight is bound.
  fetched(config.paths.corridors).then(({ features }) => journeys.take(features), () => {});
}
feed.start();
// For tests and for people who look under the bonnet.
globalThis.soramichi = { events, feed, journeys, layer, map, state, surface: knowledge.surface, zones };
