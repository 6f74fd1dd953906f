// The live pages, / and /live: one map, one list, one stream.

import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { Places, drawBasemap } from "soramichi/basemap.js";
import { Cards } from "soramichi/cards.js";
import { DELAY_S, Feed } from "soramichi/feed.js";
import { clock } from "soramichi/format.js";
import { legend } from "soramichi/legend.js";
import { worldLatLng } from "soramichi/motion.js";
import { showRecent } from "soramichi/recent.js";
import { config, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { languageSwitch, named, onLanguage, word } from "soramichi/words.js";

const FOLLOW_MS = 1000;
const SPOKEN_EVERY_MS = 15_000;
const find = (id) => document.getElementById(id);

const map = globalThis.map_soramichi;
const feed = new Feed(config.paths);
const quiet = matchMedia("(prefers-reduced-motion: reduce)");
const state = { selected: null, following: false, fitted: false, spoken: 0, lastWords: "" };

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
const layer = new AircraftLayer(map, feed, config.tiles ? null : new Places(places.places));
const cards = new Cards(find("aircraft"), feed, (id) => choose(id === state.selected ? null : id));

function choose(id) {
  state.selected = id;
  cards.selected = id;
  layer.select(id);
  const one = feed.aircraft.get(id);
  follow(Boolean(one));
  if (one) feed.history(one, 2000);
  renew();
}

function follow(on) {
  state.following = on;
  const button = find("follow");
  button.hidden = state.selected === null;
  button.setAttribute("aria-pressed", String(on));
  button.textContent = word(on ? "following" : "follow");
  if (on) centre();
}

function centre() {
  const drawn = feed.aircraft.get(state.selected)?.track.at(feed.now_s() - DELAY_S);
  if (!drawn) return;
  const moving = quiet.matches ? { animate: false } : { animate: true, duration: FOLLOW_MS / 1000, easeLinearity: 1 };
  map.panTo(worldLatLng(drawn.x, drawn.y), moving);
}

function showEverything() {
  follow(false);
  const seen = feed.visible().map((one) => one.track.samples.at(-1));
  if (seen.length === 0) return;
  const bounds = L.latLngBounds(seen.map(({ x, y }) => worldLatLng(x, y)));
  // Room for the panels that lie on the map, and for the names right of the aircraft.
  const { left, right, top, bottom } = uncovered(map);
  map.fitBounds(bounds, {
    paddingTopLeft: [left + 40, top + 40], paddingBottomRight: [right + 120, bottom + 40],
    maxZoom: 11.5, animate: !quiet.matches,
  });
}

function renew() {
  const all = cards.show();
  find("count").textContent = feed.ready ? word("count", all.length) : "";
  find("nothing").hidden = all.length > 0;
  find("nothing-title").textContent = word(feed.ready ? "nothing" : "loading");
  find("nothing-help").hidden = !feed.ready;
  find("clock").textContent = `${clock(new Date((feed.now_s() - DELAY_S) * 1000))} ${word("jst")}`;
  find("delay").textContent = word("delay", DELAY_S);
  if (all.length > 0 && !state.fitted) {
    state.fitted = true;
    showEverything();
  }
  if (all.length <= config.histories) for (const one of all) feed.history(one);
  speak(all);
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
  pill.setAttribute("aria-label", word("linkSummary")[feed.link]);
}

if (matchMedia("(width < 800px)").matches) document.querySelector(".legend").open = false;
languageSwitch(find("language"));
legend(find("heights"), find("classes"));
onLanguage(() => {
  document.title = `${word("title")} · ${word("tagline")}`;
  map.getContainer().setAttribute("aria-label", `${word("map")}。${word("mapHelp")}`);
  state.lastWords = "";
  follow(state.following);
  showLink();
  renew();
});
feed.on("link", showLink);
feed.on("states", renew);
setInterval(renew, 1000);
setInterval(() => state.following && centre(), FOLLOW_MS);

find("zoom-in").addEventListener("click", () => map.zoomIn(1));
find("zoom-out").addEventListener("click", () => map.zoomOut(1));
find("everything").addEventListener("click", showEverything);
find("follow").addEventListener("click", () => follow(!state.following));
map.on("dragstart", () => follow(false));
map.on("click", (event) => choose(layer.nearest(event.containerPoint)?.id ?? null));
addEventListener("keydown", (event) => event.key === "Escape" && choose(null));

if (config.page === "home") showRecent(find("recent"), config.paths);
feed.start();
// For tests and for people who look under the bonnet.
globalThis.soramichi = { feed, layer, map, state };
