// /replay/{flight}: one stored flight, from 1 to 60 times its speed, with its height profile.

import { AircraftLayer } from "soramichi/aircraft-layer.js";
import { Places, drawBasemap } from "soramichi/basemap.js";
import { controls } from "soramichi/controls.js";
import { clock, date, direction, duration, height, speed } from "soramichi/format.js";
import { worldLatLng } from "soramichi/motion.js";
import { Playback } from "soramichi/playback.js";
import { Profile } from "soramichi/profile.js";
import { config, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { named, onLanguage, word } from "soramichi/words.js";
import { Zones } from "soramichi/zones.js";

const find = (id) => document.getElementById(id);
const map = globalThis.map_soramichi;
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);

if (config.zones) {
  const zones = new Zones(map, config.paths, find("zones"), find("zone"));
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
  const { name = { ja: id, en: id }, aircraft_class = "unknown" } =
    aircraft.features.find((feature) => feature.id === id)?.properties ?? {};
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
  const layer = new AircraftLayer(map, playback, config.tiles ? null : new Places(places.places));
  const profile = new Profile(find("profile"), playback.one.track.samples, playback.datum);
  const scrub = find("scrub");
  scrub.max = String(Math.ceil(playback.end_s - playback.start_s));
  layer.under = plannedLine(playback.one.track.samples);
  fitAll(playback);
  wire(playback, profile, scrub);
  const frame = () => {
    profile.draw(playback.at_s, playback.one.state.altitude_m);
    readout(playback, scrub);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.soramichi = { ready: true, layer, map, playback, profile };
  playback.play(!quiet.matches);
}

// The whole line, pale and dashed below what is flown already.
const plannedLine = (samples) => (context, view) => {
  context.beginPath();
  for (const { x, y } of samples) context.lineTo(x * view.scale + view.x, y * view.scale + view.y);
  context.setLineDash([2, 6]);
  context.lineWidth = 2.4;
  context.strokeStyle = "rgba(12,34,50,.7)";
  context.stroke();
  context.lineWidth = 1.4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.setLineDash([]);
};

function fitAll({ one }) {
  const bounds = L.latLngBounds(one.track.samples.map(({ x, y }) => worldLatLng(x, y)));
  const { left, right, top, bottom } = uncovered(map);
  map.fitBounds(bounds, {
    paddingTopLeft: [left + 40, top + 40], paddingBottomRight: [right + 40, bottom + 40], maxZoom: 14, animate: false,
  });
}

function wire(playback, profile, scrub) {
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
  const drag = (event) => playback.seek(profile.timeAt(event.offsetX));
  profile.canvas.addEventListener("pointerdown", (event) => {
    profile.canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  profile.canvas.addEventListener("pointermove", (event) => event.buttons && drag(event));
  everything = () => fitAll(playback);
  addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target !== document.body) return;
    event.preventDefault();
    playback.play(!playback.playing);
  });
}

function write(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

function readout(playback, scrub) {
  const { one, at_s, start_s, end_s } = playback;
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
  show(await loaded());
} catch (error) {
  problem(error);
  globalThis.soramichi = { ready: true, map };
}
