// /kiosk: a big screen that nobody touches, for days. It shows what flies, one after the other;
// when nothing does, the best recorded flights, marked as such; and it mends itself.

import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { Places, drawBasemap } from "soramichi/basemap.js";
import { DELAY_S, Feed } from "soramichi/feed.js";
import { clock, date, height, speed } from "soramichi/format.js";
import { legend } from "soramichi/legend.js";
import { worldLatLng } from "soramichi/motion.js";
import { heightClass, heightColour } from "soramichi/palette.js";
import { Playback } from "soramichi/playback.js";
import { recentFlights } from "soramichi/recent.js";
import { config, fetched, resource } from "soramichi/resources.js";
import { picture } from "soramichi/shapes.js";
import { fill, inOtherLanguage, named, word } from "soramichi/words.js";

const OVERVIEW_MS = 14_000;
const STAR_MS = 12_000;
const FACT_MS = 11_000;
const REPLAY_S = 40; // A recorded flight is played so fast that it lasts this long.
const BEST = 5;
const STARS_AT_MOST = 8;
const DESIGNED_FOR_PX = 1920;
const READ_FROM_AFAR = 1.35;
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
addEventListener("error", () => setTimeout(() => location.reload(), RELOAD_AFTER_ERROR_MS));
navigator.wakeLock?.request("screen").catch(() => {}); // Only over https; the display's settings do it else.

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
const layer = new AircraftLayer(map, feed, config.tiles ? null : new Places(places.places), wide * READ_FROM_AFAR);

// What flies before what is only replayed into the stream.
const flying = () => feed.visible()
  .filter((one) => feed.presence(one) === "now")
  .sort((a, b) => a.track.recorded - b.track.recorded)
  .slice(0, STARS_AT_MOST);
const newest = (one) => one.track.samples.at(-1);

/** One turn of the loop; answers how long it is to be looked at (ms). */
async function turn() {
  const all = flying();
  if (all.length > 0) return live(all);
  const played = await recording().catch(() => null);
  return played ?? overview([]);
}

function live(all) {
  stopPlayback();
  state.turn = (state.turn + 1) % (all.length + 1);
  if (state.turn === 0) return overview(all);
  const star = all[state.turn - 1];
  setStar(star);
  feed.history(star);
  const { x, y } = newest(star);
  look(() => map.setView(worldLatLng(x, y), 11 + closer, { animate: false }));
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

async function recording() {
  const best = (await recentFlights(config.paths)).sort((a, b) => b.sample_count - a.sample_count).slice(0, BEST);
  if (best.length === 0) return null;
  const { id, aircraft_id, name, aircraft_class = "unknown" } = best[state.replays % best.length];
  state.replays += 1;
  const track = await fetched(`${config.paths.track.replace("{id}", encodeURIComponent(id))}?points=1000`);
  const playback = new Playback(track, { id: aircraft_id, name, aircraft_class });
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

function fit(samples) {
  const bounds = L.latLngBounds(samples.map(({ x, y }) => worldLatLng(x, y)));
  const { x: width, y: height_px } = map.getSize();
  // The panels stand at the left and right; what flies belongs between them.
  map.fitBounds(bounds, {
    paddingTopLeft: [width * 0.27, height_px * 0.16], paddingBottomRight: [width * 0.19, height_px * 0.2],
    maxZoom: 12 + closer, animate: false,
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
  const shown = new Date((feed.now_s() - DELAY_S) * 1000);
  write("clock", clock(shown).slice(0, 5));
  write("date", `${date(shown)} ${word("jst")}`);
  find("link").dataset.link = feed.link;
  write("link-word", word(feed.link));
  find("star").hidden = state.star === null;
  if (state.star) showStar(state.star);
}

function showStar(one) {
  write("star-name", named(one.name));
  write("star-other", inOtherLanguage(() => `${named(one.name)} · ${word(one.aircraft_class)}`));
  const recorded = one.track.recorded;
  const at = state.playback ? one.track.samples[0].time_s * 1000 : Date.parse(one.state.time);
  write("star-mark", recorded ? word("recordedOn", date(new Date(at))) : word("Airborne"));
  find("star-mark").dataset.kind = recorded ? "recorded" : "airborne";
  write("star-height", height(one.state));
  write("star-height-other", inOtherLanguage(() => height(one.state)));
  write("star-speed", speed(one.state));
  find("star-route").hidden = !one.origin;
  if (one.origin) pair("star-route", "journey", one.origin, one.destination);
  const colour = heightColour(heightClass(one.state.altitude_m));
  const key = `${one.aircraft_class} ${colour}`;
  if (state.painted !== key) find("star-icon").replaceChildren(picture(one.aircraft_class, colour));
  state.painted = key;
}

function nextFact() {
  const facts = word("facts").length;
  state.fact = (state.fact + 1) % (facts + 1);
  if (state.fact === facts) pair("fact", "flyingCount", flying().length);
  else pair("fact", "fact", state.fact);
}

async function loop() {
  const wait = await turn();
  setTimeout(loop, wait);
}

fill();
legend(find("heights"), find("classes"));
feed.on("link", show);
setInterval(show, 1000);
setInterval(nextFact, FACT_MS);
nextFact();
feed.start();
globalThis.soramichi = { feed, layer, map, state, turn };
// The first look waits for the first answer, or says after a while that there is none.
const begun = Date.now();
const begin = setInterval(() => {
  if (!feed.ready && Date.now() - begun < 8000) return;
  clearInterval(begin);
  loop();
}, 200);
