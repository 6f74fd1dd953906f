// The offline paper map under everything: land, lakes, rivers and borders.

import { config, resource } from "soramichi/resources.js";

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
