// Geozones and corridors under the aircraft. A zone's demand is told by colour and by the dashes of
// its edge, so that it can be read without colours; what it is called is only ever set as text.

import { PLANNED } from "soramichi/palette.js";
import { carried, config, fetched } from "soramichi/resources.js";
import { named, onLanguage, word } from "soramichi/words.js";
import { corridorNames, nameOf, zoneNames } from "soramichi/zone-names.js";

// Okabe and Ito's colours, which people with any colour vision can tell apart.
const STYLES = {
  PROHIBITED: { color: "#d55e00", weight: 2.4, fillOpacity: 0.26 },
  REQ_AUTHORIZATION: { color: "#b07d00", weight: 2, dashArray: "9 5", fillOpacity: 0.2 },
  CONDITIONAL: { color: "#0072b2", weight: 2, dashArray: "2 5", fillOpacity: 0.16 },
  USPACE: { color: "#a0508a", weight: 2, dashArray: "12 4 2 4", fillOpacity: 0.14 },
  NO_RESTRICTION: { color: "#007a59", weight: 1.2, dashArray: "1 3", fillOpacity: 0.06 },
  corridor: { color: PLANNED, weight: 2.6, fillOpacity: 0.2 },
};
const CORRIDOR_EDGE = { color: "#0c2232", weight: 5.4, opacity: 0.75, fill: false, interactive: false };
const ORDER = Object.keys(STYLES);
const AGAIN_MS = 300_000;
const SOON_MS = 10_000;
const SVG = "http://www.w3.org/2000/svg";

// An airport's surfaces cover half a bay: filled like a small zone they would hide the map.
const WIDE = { weight: 1.4, fillOpacity: 0.05 };

const styleOf = (feature) => ({
  ...(STYLES[kindOf(feature)] ?? STYLES.CONDITIONAL),
  ...(feature.properties.kind === "airport-surface" ? WIDE : {}),
});
const kindOf = ({ properties }) => properties.zone_type ?? "corridor";

/** "0–150 m 地表から": both ends of a zone's height, each with its datum. */
export function band(properties) {
  const end = (side) => {
    const metres = properties[`${side}_m`];
    if (!Number.isFinite(metres)) return null;
    return word("altitude", Math.round(metres), word(properties[`${side}_datum`]) ?? word("datumUnknown"));
  };
  const [floor, ceiling] = [end("floor"), end("ceiling")];
  if (!floor && !ceiling) return word("everyHeight");
  return `${floor ?? word("fromBelow")} 〜 ${ceiling ?? word("withoutCeiling")}`;
}

export class Zones {
  /**
   * `legend` is the ul for the kinds that are there, `panel` where a pressed zone is told;
   * `names` is called with the names of what is shown whenever that changed, `corridors` with the
   * published corridors whenever they were fetched.
   */
  constructor(map, paths, legend, panel, { names = () => {}, corridors = () => {} } = {}) {
    Object.assign(this, { map, paths, legend, panel, tell: { names, corridors }, kinds: [], pressed: null, ready: false });
    map.createPane("zones").style.zIndex = 300;
    this.renderer = L.canvas({ pane: "zones", padding: 0.3 });
    this.group = L.layerGroup().addTo(map);
    onLanguage(() => this.write());
    this.renew();
    if (!config.saved) setInterval(() => this.renew(), AGAIN_MS);
  }

  async renew() {
    clearTimeout(this.soon);
    const empty = { features: [] };
    // A saved map asks nobody. What was there stays while the server has no answer: no zone is not the same.
    const [zones, corridors] = await Promise.all(["geozones", "corridors"].map((name) =>
      config.saved ? carried(name) ?? empty : fetched(this.paths[name]).catch(() => null)));
    if (!zones || !corridors) this.soon = setTimeout(() => this.renew(), SOON_MS);
    this.drawn = { zones: zones ?? this.drawn?.zones ?? empty, corridors: corridors ?? this.drawn?.corridors ?? empty };
    this.draw(this.drawn);
  }

  draw({ zones, corridors }) {
    const placed = ({ features }) => features.filter(({ geometry }) => geometry);
    const all = [...placed(zones), ...placed(corridors)];
    this.group.clearLayers();
    this.group.addLayer(L.geoJSON(placed(corridors), { pane: "zones", renderer: this.renderer, style: CORRIDOR_EDGE }));
    this.group.addLayer(L.geoJSON(all, {
      pane: "zones", renderer: this.renderer, style: styleOf, smoothFactor: 1.2,
      onEachFeature: (feature, layer) => layer.on("click", (event) => this.press(feature, event)),
    }));
    this.kinds = ORDER.filter((kind) => all.some((feature) => kindOf(feature) === kind));
    this.ready = true;
    this.write();
    this.named = [...corridorNames(placed(corridors)), ...zoneNames(placed(zones))];
    this.tell.names(this.map.hasLayer(this.group) ? this.named : []);
    this.tell.corridors(placed(corridors));
  }

  show(on) {
    if (on) this.group.addTo(this.map);
    else this.group.remove();
    this.legend.hidden = !on;
    this.tell.names(on ? this.named ?? [] : []);
    if (!on) this.press(null);
  }

  press(feature, event) {
    this.pressed = feature;
    this.at = event?.originalEvent;
    this.write();
  }

  write() {
    this.legend.replaceChildren(...this.kinds.map(row));
    this.legend.parentElement.querySelector(".switch").hidden = this.kinds.length === 0;
    const { panel, pressed } = this;
    panel.hidden = !pressed;
    if (!pressed) return;
    const { properties } = pressed;
    const lines = [named(nameOf(properties)), word(`zone_${kindOf(pressed)}`), band(properties), properties.source];
    panel.replaceChildren(...lines.filter(Boolean).map((line, i) => {
      const made = document.createElement(i === 0 ? "strong" : "span");
      made.textContent = line;
      return made;
    }));
  }
}

function row(kind) {
  const { color, dashArray, weight, fillOpacity } = STYLES[kind];
  const svg = document.createElementNS(SVG, "svg");
  const rect = document.createElementNS(SVG, "rect");
  const attributes = {
    x: 2, y: 4, width: 32, height: 16, rx: 3,
    fill: color, "fill-opacity": fillOpacity + 0.15,
    stroke: color, "stroke-width": weight, "stroke-dasharray": dashArray ?? "none",
  };
  for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, value);
  svg.setAttribute("viewBox", "0 0 36 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(rect);
  const words = document.createElement("span");
  words.textContent = word(`zone_${kind}`);
  const item = document.createElement("li");
  item.append(svg, words);
  return item;
}
