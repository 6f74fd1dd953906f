// The names of zones and corridors as places on the map. Pure.

import { worldX, worldY } from "soramichi/motion.js";

const LETTERS = 80; // The longest name of an airport's surface is well below it.
// How far down a zone its name may stand: in its middle, else where a place's name leaves room. Several
// of an airport's surfaces have one middle: each is named at its own edge.
const DOWN = [0.5, 0.3, 0.7];
const AT_THE_EDGE = [0.08, 0.92];

/** {ja, en} of a zone or a corridor, whatever form its name has; its identifier where it has none. */
export function nameOf({ name, name_ja, name_en, identifier = "" }) {
  const { ja, en } = typeof name === "string" ? { ja: name } : name ?? { ja: name_ja, en: name_en };
  return { ja: ja || en || identifier, en: en || ja || identifier };
}

const short = ({ ja, en }) => ({ ja: ja.slice(0, LETTERS), en: en.slice(0, LETTERS) });

/** The corridors' names, each on the middle of its line. */
export function corridorNames(features) {
  return features.filter(({ geometry }) => geometry.type === "LineString").map(({ geometry, properties }) => {
    const line = geometry.coordinates;
    const [a, b] = [line[Math.floor((line.length - 1) / 2)], line[Math.ceil((line.length - 1) / 2)]];
    return { kind: "corridor", ...short(nameOf(properties)), lon: (a[0] + b[0]) / 2, lat: (a[1] + b[1]) / 2, zoom: 9 };
  });
}

/** The zones' names, each where its zone is wide: see `Places.name`. */
export function zoneNames(features) {
  return features.flatMap(({ geometry, properties }) => {
    const parts = { Polygon: [geometry.coordinates], MultiPolygon: geometry.coordinates }[geometry.type] ?? [];
    const rings = parts.flat().map((ring) => ring.map(([lon, lat]) => [worldX(lon), worldY(lat)]));
    const spots = spotsIn(rings, properties.kind === "airport-surface" ? AT_THE_EDGE : DOWN);
    return spots.length > 0 ? [{ kind: "zone", ...short(nameOf(properties)), zoom: 0, spots }] : [];
  });
}

function spotsIn(rings, shares) {
  const heights = rings.flat().map(([, y]) => y);
  const [top, bottom] = [heights.reduce((a, b) => Math.min(a, b), Infinity), heights.reduce((a, b) => Math.max(a, b), -Infinity)];
  return shares.map((share) => widest(rings, top + share * (bottom - top))).filter(({ wide }) => wide > 0);
}

/** The longest stretch of the line at this height that lies inside: its middle, and how wide it is. */
function widest(rings, y) {
  const edges = [];
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 1) {
      const [[ax, ay], [bx, by]] = [ring[i - 1], ring[i]];
      if (ay > y !== by > y) edges.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
    }
  }
  edges.sort((a, b) => a - b);
  let best = { x: 0, y, wide: 0 };
  // Inside from every odd edge to the next one: holes are left out by themselves.
  for (let i = 0; i + 1 < edges.length; i += 2) {
    const wide = edges[i + 1] - edges[i];
    if (wide > best.wide) best = { x: edges[i] + wide / 2, y, wide };
  }
  return best;
}
