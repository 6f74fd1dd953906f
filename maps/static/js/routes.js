// /routes: candidates are dropped, judged by the server, and shown with what was found: on the map,
// from the side and in words. A saved file carries the answer instead of a form.

import { Places, drawBasemap } from "soramichi/basemap.js";
import { controls } from "soramichi/controls.js";
import { worldX, worldY } from "soramichi/motion.js";
import { Sheet, View } from "soramichi/overlay.js";
import { config, resource } from "soramichi/resources.js";
import { uncovered } from "soramichi/room.js";
import { Section, along } from "soramichi/section.js";
import { comparison, letterOf, lineColour, severityColour, verdictCard } from "soramichi/verdicts.js";
import { onLanguage, word } from "soramichi/words.js";
import { Zones } from "soramichi/zones.js";

const EDGE = "#0c2232";
const find = (id) => document.getElementById(id);
const map = globalThis.map_soramichi;
const state = { answer: null, chosen: 0, files: [] };

const [basemap, places] = await Promise.all([resource("basemap"), resource("places")]);
if (!config.tiles) drawBasemap(map, basemap);
if (config.zones) {
  const zones = new Zones(map, config.paths, find("zones"), find("zone"));
  find("zones-on").addEventListener("change", (event) => zones.show(event.target.checked));
  map.on("click", (event) => zones.at !== event.originalEvent && zones.press(null));
}
map.createPane("routes").style.zIndex = 420;
const drawn = L.layerGroup().addTo(map);
const section = new Section(find("section"));
const names = new Places(config.tiles ? [] : places.places);
const view = new View(map);
const sheet = new Sheet(map, "ground");

const latlngs = ({ coordinates }) => coordinates.map(([lon, lat]) => [lat, lon]);
const featureOf = ({ candidate }) =>
  state.answer.candidates.features.find(({ properties }) => properties.candidate === candidate);

function line(geometry, options) {
  const round = { lineCap: "round", lineJoin: "round" };
  drawn.addLayer(L.polyline(latlngs(geometry), { pane: "routes", interactive: false, ...round, ...options }));
}

function drawRoutes() {
  drawn.clearLayers();
  state.answer.verdicts.forEach((verdict, index) => {
    const feature = featureOf(verdict);
    if (!feature) return;
    const chosen = index === state.chosen;
    line(feature.geometry, { color: EDGE, weight: chosen ? 9 : 6, opacity: 0.75 });
    line(feature.geometry, { color: "#ffffff", weight: chosen ? 7 : 4.4 });
    line(feature.geometry, { color: lineColour(index), weight: chosen ? 4.6 : 2.6 });
  });
  const { findings } = state.answer.verdicts[state.chosen];
  for (const { geometry, severity } of findings.filter(({ geometry }) => geometry)) {
    line(geometry, { color: EDGE, weight: 13, opacity: 0.8 });
    line(geometry, { color: severityColour(severity), weight: 9, dashArray: severity === "unknown" ? "2 12" : null });
  }
}

// Names of places, and each candidate's letter on its line, one further along than the other.
function drawNames() {
  const context = sheet.clear();
  const now = view.now();
  names.draw(context, now, sheet);
  state.answer?.verdicts.forEach((verdict, index) => {
    const points = featureOf(verdict)?.geometry.coordinates ?? [];
    if (points.length === 0) return;
    const [lon, lat] = partway(points, 0.4 + 0.2 * (index % 3) - 0.1);
    drawLetter(context, worldX(lon) * now.scale + now.x, worldY(lat) * now.scale + now.y, index);
  });
}

function partway(points, u) {
  const way = along(points, 1);
  const i = Math.max(1, way.findIndex((metres) => metres >= u));
  const part = (u - way[i - 1]) / (way[i] - way[i - 1] || 1);
  return [0, 1].map((axis) => points[i - 1][axis] + (points[i][axis] - points[i - 1][axis]) * part);
}

function drawLetter(context, x, y, index) {
  context.beginPath();
  context.arc(x, y, 13, 0, 2 * Math.PI);
  context.fillStyle = lineColour(index);
  context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.font = "700 14px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#ffffff";
  context.fillText(letterOf(index), x, y + 1);
}

function fit(points, animate = !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const { left, right, top, bottom } = uncovered(map);
  map.fitBounds(L.latLngBounds(points), {
    paddingTopLeft: [left + 30, top + 30], paddingBottomRight: [right + 60, bottom + 30], maxZoom: 14, animate,
  });
}

function fitAll(animate) {
  const all = state.answer?.candidates.features.flatMap(({ geometry }) => latlngs(geometry)) ?? [];
  if (all.length > 0) fit(all, animate);
}

function choose(index) {
  state.chosen = index;
  show();
}

function show() {
  const { answer } = state;
  document.body.classList.toggle("answered", Boolean(answer));
  if (!answer) return;
  drawRoutes();
  drawNames();
  find("verdicts").replaceChildren(...answer.verdicts.map((verdict, index) => verdictCard(verdict, index, {
    chosen: index === state.chosen,
    choose: () => choose(index),
    press: ({ geometry }) => geometry && fit(latlngs(geometry)),
  })));
  find("comparison").replaceChildren(comparison(answer.verdicts));
  drawSection();
}

function drawSection() {
  const verdict = state.answer?.verdicts[state.chosen];
  const feature = verdict && featureOf(verdict);
  if (feature) section.draw(feature, verdict);
}

function take(answer) {
  Object.assign(state, { answer, chosen: 0 });
  show();
  fitAll(false);
}

function told(text) {
  find("message").textContent = text;
  find("message").hidden = text === "";
}

/** Ask the server; what it says against the files is shown in its own words. */
async function check() {
  const form = new FormData(find("question"));
  const candidates = await Promise.all(state.files.map(async (file) => ({ name: file.name, text: await file.text() })));
  const question = { candidates, aircraft_class: form.get("aircraft_class") };
  for (const key of ["speed_mps", "width_m"]) if (form.get(key)) question[key] = Number(form.get(key));
  // The field has Japan's time, the server wants it with its zone.
  if (form.get("depart")) question.depart = `${form.get("depart")}:00+09:00`;
  told(word("checking"));
  const response = await fetch(config.paths.check, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title ?? String(response.status));
  told("");
  take(answer);
}

function receive(files) {
  state.files = [...files];
  find("chosen").textContent = state.files.map(({ name }) => name).join(", ");
  if (state.files.length > 0) check().catch((error) => told(`${word("notChecked")} ${error.message}`));
}

function wireForm() {
  const zone = find("drop");
  find("files").addEventListener("change", (event) => receive(event.target.files));
  for (const name of ["dragenter", "dragover"]) {
    addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  addEventListener("dragleave", () => zone.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    receive(event.dataTransfer.files);
  });
  find("question").addEventListener("change", (event) => event.target.id !== "files" && receive(state.files));
  find("question").addEventListener("submit", (event) => event.preventDefault());
}

/** Lay the page out for A4, or for the screen again; the map is drawn anew for either. */
function layOut(paper) {
  document.body.classList.toggle("printing", paper);
  map.invalidateSize({ animate: false });
  fitAll(false);
  show();
}

// The map is drawn before the browser begins to print: what is drawn while it prints loses its
// transparency, and each layer would hide the one below.
function printed() {
  layOut(true);
  requestAnimationFrame(() => requestAnimationFrame(() => print()));
}

addEventListener("afterprint", () => layOut(false));
find("print").addEventListener("click", printed);
addEventListener("keydown", (event) => {
  if (event.key !== "p" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  printed();
});
controls(map, () => fitAll());
onLanguage(() => {
  document.title = `${word("routes")} · ${word("title")}`;
  show();
});
map.on("move zoom resize zoomend", drawNames);
onLanguage(drawNames);
addEventListener("resize", show);
if (config.saved) take(await resource("answer"));
else wireForm();
globalThis.soramichi = { ready: true, map, state, layOut };
