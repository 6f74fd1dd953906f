// The candidates on the map: their lines and letters, what was found on the chosen one, and its layers.

import { drawMarks, haloes } from "soramichi/desk-between.js";
import { LAYERS, drawLayer } from "soramichi/desk-layers.js";
import { worldX, worldY } from "soramichi/motion.js";
import { Sheet, View } from "soramichi/overlay.js";
import { Places } from "soramichi/places.js";
import { config } from "soramichi/resources.js";
import { Panels, uncovered } from "soramichi/room.js";
import { along, placeAt } from "soramichi/section.js";
import { letterOf, lineColour, severityColour } from "soramichi/verdicts.js";

const EDGE = "#0c2232";
// What is looked at before there is anything to look at.
const MIE = [[136.2, 33.95], [137.05, 35.1]];
const TOUCHES = ["pointerdown", "wheel", "keydown"];
const TALLEST_PX = 560; // On paper.
const ROUND = { lineCap: "round", lineJoin: "round" };
const QUIET = matchMedia("(prefers-reduced-motion: reduce)");

export const latlngs = (coordinates) => coordinates.map(([lon, lat]) => [lat, lon]);

export class DeskMap {
  /** `choose(index)` is called when a candidate's line is pressed. */
  constructor(map, places, choose) {
    Object.assign(this, { map, choose, entries: [], corridors: [], chosen: 0, on: new Set(["width"]) });
    for (const [pane, zIndex] of [["layers", 310], ["routes", 420]]) map.createPane(pane).style.zIndex = zIndex;
    this.layers = L.layerGroup().addTo(map);
    this.lines = L.layerGroup().addTo(map);
    this.names = new Places(config.tiles ? [] : places.places);
    this.view = new View(map);
    this.sheet = new Sheet(map, "ground");
    this.panels = new Panels(map);
    map.on("move zoom resize zoomend", () => this.drawNames());
    for (const touch of TOUCHES) map.getContainer().addEventListener(touch, () => (this.touched = true), { once: true, passive: true });
  }

  /** `entries` are {feature, result} of every candidate; `result` null where it is not judged. */
  show(entries, chosen) {
    Object.assign(this, { entries, chosen });
    this.drawLines();
    this.drawLayers();
    this.drawNames();
  }

  line(coordinates, options) {
    this.lines.addLayer(L.polyline(latlngs(coordinates), { pane: "routes", interactive: false, ...ROUND, ...options }));
  }

  drawLines() {
    this.lines.clearLayers();
    for (const [color, coordinates] of haloes(this.entries)) this.line(coordinates, { color, weight: 24, opacity: 0.55 });
    this.entries.forEach(({ feature }, index) => {
      const { coordinates } = feature.geometry;
      const chosen = index === this.chosen;
      this.line(coordinates, { color: EDGE, weight: chosen ? 9 : 6, opacity: 0.75 });
      this.line(coordinates, { color: "#ffffff", weight: chosen ? 7 : 4.4 });
      this.line(coordinates, { color: lineColour(index), weight: chosen ? 4.6 : 2.6 });
      // Wide enough for a finger; a line that is being drawn must not catch the presses.
      if (!chosen) this.touchable(coordinates, index);
    });
    const findings = this.entries[this.chosen]?.result?.verdict.findings ?? [];
    const worstLast = ["caution", "unknown", "fail"];
    for (const { geometry, severity } of [...findings].filter(({ geometry }) => geometry)
      .sort((a, b) => worstLast.indexOf(a.severity) - worstLast.indexOf(b.severity))) {
      this.line(geometry.coordinates, { color: EDGE, weight: 12, opacity: 0.8 });
      this.line(geometry.coordinates, { color: severityColour(severity), weight: 8, dashArray: severity === "unknown" ? "2 12" : null });
    }
  }

  touchable(coordinates, index) {
    const line = L.polyline(latlngs(coordinates), { pane: "routes", opacity: 0, weight: 22, ...ROUND });
    line.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      this.choose(index);
    });
    this.lines.addLayer(line);
  }

  drawLayers() {
    this.layers.clearLayers();
    const found = this.entries[this.chosen]?.result?.layers;
    if (!found) return;
    for (const name of LAYERS) if (this.on.has(name)) drawLayer(name, found[name], this.layers);
  }

  /** Put a layer on the map or take it off. */
  toggle(name, on) {
    if (on) this.on.add(name);
    else this.on.delete(name);
    this.drawLayers();
  }

  /** Name these, too: see `Places.name`. */
  name(found) {
    this.names.name(found);
    this.drawNames();
  }

  /**
   * Leave every canvas as it is, and lay what lies beside the panels of the page out `wide_px` wide;
   * null lets go.
   */
  hold(wide_px) {
    const { map } = this;
    const container = map.getContainer();
    const bar = document.querySelector(".leaflet-control-scale-line");
    if (this.held) bar.style.width = this.barWidth; // Leaflet's own, for the map as it is drawn.
    this.held = wide_px !== null;
    const { left, right, top, bottom } = uncovered(map);
    const { x, y } = map.getSize();
    const [wide, high] = [x - left - right, y - top - bottom];
    const scale = Math.min(wide_px / wide, TALLEST_PX / high);
    Object.assign(container.style, this.held
      ? { width: `${x}px`, height: `${y}px`, transformOrigin: "0 0", transform: `scale(${scale}) translate(${-left}px, ${-top}px)` }
      : { width: "", height: "", transformOrigin: "", transform: "" });
    if (this.held) {
      this.barWidth = bar.style.width;
      bar.style.width = `${Number.parseFloat(this.barWidth) * scale}px`;
    }
    container.closest(".chart").style.height = this.held ? `${Math.floor(high * scale)}px` : "";
  }

  // Names of places, each candidate's letter on its line, one further along than the other, and
  // the place that the profile points at.
  drawNames() {
    if (this.held) return;
    const context = this.sheet.clear();
    const now = this.view.now();
    const at = ([lon, lat]) => [worldX(lon) * now.scale + now.x, worldY(lat) * now.scale + now.y];
    this.names.draw(context, now, this.sheet, { taken: this.panels.boxes() });
    this.entries.forEach(({ feature: { geometry: { coordinates } } }, index) => {
      if (coordinates.length < 2) return;
      drawLetter(context, ...at(placeAt(coordinates, along(coordinates, 1), 0.3 + 0.32 * (index % 3))), index);
    });
    drawMarks(context, this.entries, at);
    if (this.pointed) drawPointer(context, ...at(this.pointed));
  }

  /** Mark a place, [lon, lat]; null takes the mark away. */
  point(place) {
    this.pointed = place;
    this.drawNames();
  }

  fit(coordinates, animate = !QUIET.matches) {
    if (coordinates.length === 0) return;
    const { left, right, top, bottom } = uncovered(this.map);
    this.map.fitBounds(L.latLngBounds(latlngs(coordinates)), {
      paddingTopLeft: [left + 30, top + 30], paddingBottomRight: [right + 60, bottom + 30], maxZoom: 14, animate,
    });
  }

  /** To all candidates; before there is one, to the published corridors, and before those to Mie. */
  fitAll(animate) {
    const all = this.entries.map(({ feature }) => feature.geometry);
    const shown = [all, this.corridors].map((lines) => lines.flatMap(({ coordinates }) => coordinates))
      .find(({ length }) => length > 0);
    this.map.once("moveend", () => (this.fitted = this.map.getBounds()));
    this.fit(shown ?? MIE, animate);
  }

  /** As `fitAll`, unless somebody has moved the map since it was last done. */
  fitAgain() {
    if (this.fitted && this.map.getBounds().equals(this.fitted)) this.fitAll(false);
  }

  /** Take the published corridors, GeoJSON features of lines; what is looked at first is fitted to them. */
  takeCorridors(features) {
    const first = this.corridors.length === 0;
    this.corridors = features.map(({ geometry }) => geometry).filter(({ type }) => type === "LineString");
    if (first && this.entries.length === 0 && !this.touched) this.fitAll(false);
  }
}

function drawLetter(context, x, y, index) {
  disc(context, x, y, 13, lineColour(index));
  context.font = "700 14px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#ffffff";
  context.fillText(letterOf(index), x, y + 1);
}

function drawPointer(context, x, y) {
  disc(context, x, y, 8, "#f5c32c");
  context.lineWidth = 1.5;
  context.strokeStyle = EDGE;
  context.stroke();
}

function disc(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 2.5;
  context.strokeStyle = "#ffffff";
  context.stroke();
}
