// The offline paper map under everything: land, lakes, rivers, borders, and the names of places.

import { beside, fits, written } from "soramichi/lettering.js";
import { worldX, worldY } from "soramichi/motion.js";
import { config, resource } from "soramichi/resources.js";
import { language } from "soramichi/words.js";

const PAPER = {
  land: { fillColor: "#ece6d8", fillOpacity: 1, color: "#f7f3ea", weight: 0.8, opacity: 0.6 },
  lake: { fillColor: "#24506b", fillOpacity: 1, color: "#f7f3ea", weight: 0.8, opacity: 0.7 },
  river: { color: "#7fa3b5", weight: 1.1, opacity: 0.8, fill: false },
  border: { color: "#a5998a", weight: 1, opacity: 0.75, dashArray: "2 4", fill: false },
};
// Lines of shallow water along the coast, as on an engraved chart: wide and faint first.
const SHALLOWS = [
  { color: "#3f7491", weight: 22, opacity: 0.16, fill: false },
  { color: "#4c86a4", weight: 11, opacity: 0.2, fill: false },
  { color: "#6fa5bf", weight: 4, opacity: 0.32, fill: false },
];

// So much is drawn beyond each edge, for the moment when the map is pulled. More of it costs every
// frame of a machine without a graphics card: it lays the whole canvas under all that moves.
const SPARE_PX = 200;

// A tile that is no longer wanted: Leaflet would put an image out of its own address (data:) in its
// place, which the page's policy forbids. Without any address its loading ends as well.
L.TileLayer.include({
  _removeTile(key) {
    this._tiles[key]?.el.removeAttribute("src");
    return L.GridLayer.prototype._removeTile.call(this, key);
  },
  _abortLoading() {
    for (const [key, { coords, el }] of Object.entries(this._tiles)) {
      if (coords.z !== this._tileZoom && !el.complete) this._removeTile(key);
    }
  },
  _tileReady(coords, error, tile) {
    if (!this._map || (tile && !tile.hasAttribute("src"))) return;
    L.GridLayer.prototype._tileReady.call(this, coords, error, tile);
  },
});

// What the map of Mie covers; outside it the world is drawn, coarse, once it is looked at.
const HOME = L.latLngBounds([31.5, 131], [37.6, 141.5]);

function painter(map, pane, zIndex) {
  map.createPane(pane).style.zIndex = zIndex;
  const renderer = L.canvas({ pane, padding: SPARE_PX / Math.max(map.getSize().x, 1) });
  return (geojson, kind, style) =>
    L.geoJSON(geojson, {
      pane, renderer, style, interactive: false, smoothFactor: 0.8,
      filter: (feature) => feature.properties.kind === kind,
    }).addTo(map);
}

/** Draw the coast into panes of its own below every other layer. */
export function drawBasemap(map, geojson) {
  const paint = painter(map, "paper", 150);
  for (const style of SHALLOWS) paint(geojson, "land", { ...style, lineJoin: "round" });
  for (const kind of ["land", "border", "river", "lake"]) paint(geojson, kind, PAPER[kind]);
  const look = async () => {
    if (HOME.contains(map.getBounds())) return;
    map.off("moveend", look);
    painter(map, "world", 140)(await resource("world"), "land", PAPER.land);
  };
  if (config.resources.world) map.on("moveend", look);
}

const LOOK = {
  capital: { size: 15, weight: 600, ink: "#3a342b", halo: "#f6f1e6", dot: 3.6, rank: 1 },
  city: { size: 12.5, weight: 500, ink: "#4b443a", halo: "#f6f1e6", dot: 2.6, rank: 2 },
  sea: { size: 15, weight: 400, ink: "#b9d6e4", halo: null, spacing: "0.3em", rank: 3 },
  prefecture: { size: 19, weight: 400, ink: "#a3978680", halo: null, spacing: "0.5em", rank: 5 },
  island: { size: 11.5, weight: 500, ink: "#4b443a", halo: "#f6f1e6", rank: 4 },
  vertiport: { size: 12.5, weight: 700, ink: "#0c2232", halo: "#ffffff", pad: 8, rank: 0 },
  corridor: { size: 12, weight: 700, ink: "#0c2232", halo: "#f5c32c", rank: 0 },
  place: { size: 11.5, weight: 500, ink: "#7a3b2e", halo: "#f6f1e6", dot: 2.2, rank: 3 },
};

const placed = (place) => ({ ...place, x: worldX(place.lon), y: worldY(place.lat), look: LOOK[place.kind] });

const BESIDE = ["right", "left", "above", "below"];

/** The boxes in which a name may stand, the best one first. */
function spots({ look }, sprite, x, y, scale) {
  const mark = look.dot ?? look.pad;
  if (!mark) return [beside("middle", x, y, 0, sprite)];
  return BESIDE.map((side) => beside(side, x, y, mark * scale + 3, sprite));
}

export class Places {
  constructor(places) {
    this.fixed = places.map(placed);
    this.sprites = new Map();
    this.name([]);
  }

  /** Name these, too, instead of those named before: [{kind, ja, en, lon, lat, zoom}]. */
  name(more) {
    this.places = [...this.fixed, ...more.map(placed)]
      .sort((a, b) => a.look.rank - b.look.rank || a.zoom - b.zoom);
  }

  get vertiports() {
    return this.fixed.filter(({ kind }) => kind === "vertiport");
  }

  /** Draw the names that fit; one that would lie on another, or on what is `taken`, is left out. */
  draw(context, view, sheet, { scale = 1, taken: before = [] } = {}) {
    const zoom = Math.log2(view.scale / scale);
    const taken = [...before];
    this.written = []; // For tests: [{text, left, top, width, height}]
    for (const place of this.places) {
      if (zoom < place.zoom || zoom > (place.until ?? 99)) continue;
      const x = place.x * view.scale + view.x;
      const y = place.y * view.scale + view.y;
      if (x < -80 || y < -30 || x > sheet.width + 80 || y > sheet.height + 30) continue;
      const sprite = this.sprite(place, sheet.ratio, scale);
      // A dot that something lies on tells no place, and a name without its dot neither.
      if (place.look.dot && !fits({ left: x, top: y, width: 1, height: 1 }, sheet, taken)) continue;
      const box = spots(place, sprite, x, y, scale).find((spot) => fits(spot, sheet, taken));
      // Where one can land is marked even where its name finds no room.
      if (place.look.pad) taken.push(pad(context, x, y, place.look.pad * scale));
      if (!box) continue;
      taken.push(box);
      this.written.push({ text: place[language()], ...box });
      if (place.look.dot) dot(context, x, y, place.look, scale);
      context.drawImage(sprite.image, box.left, box.top, box.width, box.height);
    }
  }

  sprite(place, ratio, scale) {
    const text = place[language()];
    const key = `${place.kind} ${text} ${ratio}`;
    if (!this.sprites.has(key)) this.sprites.set(key, written(text, place.look, ratio, scale));
    return this.sprites.get(key);
  }
}

function dot(context, x, y, look, scale) {
  context.beginPath();
  context.arc(x, y, look.dot * scale, 0, 2 * Math.PI);
  context.fillStyle = look.halo;
  context.fill();
  context.lineWidth = 1.6 * scale;
  context.strokeStyle = look.ink;
  context.stroke();
}

/** A place to take off and land: the V of a vertiport in a ring. Answers the box that it takes. */
function pad(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = "#fffdf8";
  context.fill();
  context.lineWidth = radius / 4;
  context.strokeStyle = "#0c2232";
  context.stroke();
  context.beginPath();
  context.moveTo(x - radius * 0.42, y - radius * 0.4);
  context.lineTo(x, y + radius * 0.45);
  context.lineTo(x + radius * 0.42, y - radius * 0.4);
  context.lineJoin = "round";
  context.stroke();
  return { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius };
}
