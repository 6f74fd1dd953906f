// /replay/{flight}: one stored flight, from 1 to 60 times its speed: what happened on the way, and how
// it kept to the corridor that was planned, on the map and in its height profile.

import "soramichi/desk-words.js";
import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { drawBasemap } from "soramichi/basemap.js";
import { controls } from "soramichi/controls.js";
import { clock, date, direction, duration, height, speed } from "soramichi/format.js";
import { WEIGHTS, happened, listEvents, titleOf, weightOf } from "soramichi/happened.js";
import { worldLatLng } from "soramichi/motion.js";
import { Places } from "soramichi/places.js";
import { corridorOf } from "soramichi/planned.js";
import { Playback } from "soramichi/playback.js";
import { Profile } from "soramichi/profile.js";
import { drawEvents, drawFlown, drawPlanned } from "soramichi/replay-marks.js";
import { carried, config, fetched, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { named, onLanguage, word } from "soramichi/words.js";
import { Zones } from "soramichi/zones.js";

const find = (id) => document.getElementById(id);
const map = globalThis.map_soramichi;
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

// The flight is asked for first and together with the map: neither waits for the other.
const flight = loaded();
flight.catch(() => {}); // It is told below.
const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);

// Once, where it is looked at: to move the map over a coast that is drawn is to draw it twice.
function drawGround() {
  if (!config.tiles) drawBasemap(map, basemap);
}

function wireZones(layer) {
  const zones = new Zones(map, config.paths, find("zones"), find("zone"), {
    names: (found) => {
      layer.places.name(found);
      layer.dirty = true;
    },
  });
  find("zones-on").addEventListener("change", (event) => zones.show(event.target.checked));
  map.on("click", (event) => zones.at !== event.originalEvent && zones.press(null));
}

async function loaded() {
  const [track, aircraft] = await Promise.all([
    resource("track"),
    resource("aircraft").catch(() => ({ features: [] })),
  ]);
  if (track.geometry.coordinates.length < 2) throw new Error("a flight of fewer than two points");
  const id = track.properties.aircraft_id;
  // A file that was saved before tracks told it has it beside them.
  const beside = aircraft.features.find((feature) => feature.id === id)?.properties;
  const { name = { ja: id, en: id }, aircraft_class = "unknown" } = { ...beside, ...track.properties };
  return new Playback(track, { id, name, aircraft_class });
}

function problem(error) {
  const box = find("problem");
  const known = error.status === 404 ? "noFlight" : "noTrack";
  onLanguage(() => {
    box.textContent = word(known);
  });
  box.hidden = false;
  find("dock").hidden = true;
}

function show(playback) {
  const { samples } = playback.one.track;
  fitAll(playback);
  drawGround();
  const layer = new AircraftLayer(map, playback, new Places(config.tiles ? [] : places.places));
  const shown = { profile: new Profile(find("profile"), samples, playback.datum), events: [], beside: null };
  const scrub = find("scrub");
  scrub.max = String(Math.ceil(playback.end_s - playback.start_s));
  layer.under = (context, view) => {
    if (shown.beside) drawPlanned(context, view, shown.beside.corridor.geometry.coordinates);
    drawFlown(context, view, samples);
    drawEvents(context, view, shown.events);
  };
  wire(playback, shown, scrub);
  const frame = () => {
    shown.profile.draw(playback.at_s, playback.one.state.altitude_m);
    readout(playback, shown, scrub);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame((now) => {
    frame(now);
    performance.mark("flight-shown");
  });
  globalThis.soramichi = { ready: true, layer, map, playback, shown };
  if (!config.saved) find("keep").hidden = false; // There is something to take home.
  playback.play(!quiet.matches);
  if (config.zones) wireZones(layer);
  return more(playback, layer, shown);
}

/** What comes after the first picture: the events, and the corridor that was planned. */
async function more(playback, layer, shown) {
  const none = { features: [] };
  const [events, corridors] = await Promise.all([
    happened(),
    carried("corridors") ?? (config.saved ? none : fetched(config.paths.corridors).catch(() => none)),
  ]);
  const { samples } = playback.one.track;
  const places = samples.map(({ x, y }) => worldLatLng(x, y).reverse());
  shown.events = events;
  shown.beside = corridorOf(corridors.features, places, new Set(events.map(({ corridor }) => corridor?.id).filter(Boolean)));
  const datum = shown.beside?.corridor.properties.height_datum;
  const planned = datum && datum === playback.datum ? shown.beside.off.map(({ planned_m }) => planned_m) : [];
  const marks = events.map((event) => ({ time_s: event.time_s, colour: WEIGHTS[weightOf(event)] }));
  shown.profile = new Profile(find("profile"), samples, playback.datum, { planned, marks });
  layer.dirty = true;
  onLanguage(() => writeMore(playback, shown));
  Object.assign(globalThis.soramichi, { complete: true });
}

function writeMore(playback, shown) {
  listEvents(find("events"), shown.events, (time_s, message) => {
    playback.seek(time_s);
    find("spoken").textContent = message;
  });
  find("events-none").hidden = shown.events.length > 0;
  const { beside } = shown;
  find("planned-name").parentElement.classList.toggle("none", !beside);
  find("planned-name").textContent = beside
    ? `${word(beside.assigned ? "planned" : "nearestPlanned")}: ${named(beside.corridor.properties.name) || beside.corridor.properties.identifier}`
    : word("noPlanned");
}

function fitAll({ one }) {
  const bounds = L.latLngBounds(one.track.samples.map(({ x, y }) => worldLatLng(x, y)));
  const { left, right, top, bottom } = uncovered(map);
  map.fitBounds(bounds, {
    paddingTopLeft: [left + 40, top + 40], paddingBottomRight: [right + 40, bottom + 40], maxZoom: 14, animate: false,
  });
}

function wire(playback, shown, scrub) {
  const play = find("play");
  const label = () => {
    play.dataset.playing = String(playback.playing);
    play.setAttribute("aria-label", word(playback.playing ? "pause" : "play"));
    find("name").textContent = named(playback.one.name);
    find("recorded").textContent = word("recordedOn", date(new Date(playback.start_s * 1000)));
    document.title = `${named(playback.one.name)} · ${word("title")}`;
  };
  playback.on("states", label);
  onLanguage(label);
  play.addEventListener("click", () => playback.play(!playback.playing));
  find("rate").addEventListener("change", (event) => {
    playback.rate = Number(event.target.value);
  });
  playback.rate = Number(find("rate").value);
  scrub.addEventListener("input", () => playback.seek(playback.start_s + Number(scrub.value)));
  const canvas = find("profile");
  const drag = (event) => playback.seek(shown.profile.timeAt(event.offsetX));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && drag(event));
  everything = () => fitAll(playback);
  addEventListener("keydown", (event) => {
    if (event.target !== document.body) return;
    const jump = { ArrowLeft: -10, ArrowRight: 10, PageUp: -60, PageDown: 60 }[event.key];
    if (event.key === " ") playback.play(!playback.playing);
    else if (jump) playback.seek(playback.at_s + jump);
    else if (event.key === "n" || event.key === "p") toEvent(playback, shown.events, event.key === "n");
    else return;
    event.preventDefault();
  });
}

/** To the next event, or the one before; a second's grace, so that "before" is not the same again. */
function toEvent(playback, events, forward) {
  const { at_s } = playback;
  const found = forward
    ? events.find(({ time_s }) => time_s > at_s + 0.5)
    : events.findLast(({ time_s }) => time_s < at_s - 1);
  if (!found) return;
  playback.seek(found.time_s);
  find("spoken").textContent = named(found.message) || titleOf(found);
}

function write(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

/** How far from the corridor's line it was at this sample, and at most. */
function deviation({ beside }, index) {
  if (!beside) return "";
  const metres = (m) => (m < 1000 ? `${Math.round(m)}\u00a0m` : `${(m / 1000).toFixed(1)}\u00a0km`);
  const { off_m } = beside.off[Math.min(index, beside.off.length - 1)];
  const { width_m } = beside.corridor.properties;
  const within = Number.isFinite(width_m) && off_m <= width_m / 2;
  return `${word("off", metres(off_m))}${within ? ` · ${word("inside")}` : ""} · ${word("offMost", metres(beside.most_m))}`;
}

function readout(playback, shown, scrub) {
  const { one, at_s, start_s, end_s } = playback;
  write("now-off", deviation(shown, one.passed ?? 0));
  const at = new Date(at_s * 1000);
  write("clock", `${clock(at)} ${word("jst")}`);
  write("elapsed", `${duration(at_s - start_s)} / ${duration(end_s - start_s)}`);
  write("now-height", height(one.state));
  write("now-speed", [speed(one.state), direction(one.state)].filter(Boolean).join(" · "));
  if (document.activeElement !== scrub || playback.playing) scrub.value = String(at_s - start_s);
  const text = `${clock(at)} ${height(one.state)}`;
  if (scrub.getAttribute("aria-valuetext") !== text) scrub.setAttribute("aria-valuetext", text);
}

let everything = () => {};
controls(map, () => everything());

try {
  const playback = await flight;
  await show(playback);
} catch (error) {
  drawGround();
  problem(error);
  globalThis.soramichi = { ready: true, map };
}
