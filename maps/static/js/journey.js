// Where a flight comes from and where it is going, as far as that is public: told by the server,
// or seen (it took off at a known place) and expected (a published corridor leads from there).

import { worldX, worldY } from "soramichi/motion.js";

const AT_PLACE_M = 1200;
const NEAR_CORRIDOR_M = 3000;
const MOVING_MPS = 5;
// An aircraft whose take-off nobody saw is only expected at a corridor's end when it flies along it.
const ALONG = Math.cos((35 * Math.PI) / 180);
const EQUATOR_M = 40075016.686;

const metresPerPixel = (lat) => (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / 256;
const flat = (lon, lat) => ({ x: worldX(lon), y: worldY(lat) });

export class Journeys {
  /** `vertiports` are places with {ja, en, lon, lat}; corridors come when they are known. */
  constructor(vertiports) {
    this.vertiports = vertiports.map((port) => ({ ...port, ...flat(port.lon, port.lat) }));
    this.corridors = [];
  }

  /** Take the published corridors, GeoJSON features of lines. */
  take(features) {
    const lines = features.filter(({ geometry }) => geometry?.type === "LineString");
    this.corridors = lines.map(({ geometry }) => geometry.coordinates.map(([lon, lat]) => flat(lon, lat)));
  }

  /** The known place within reach of a point in world pixels, or null. */
  portAt(point, scale) {
    const near = this.vertiports
      .map((port) => [Math.hypot(port.x - point.x, port.y - point.y) * scale, port])
      .filter(([far]) => far < AT_PLACE_M)
      .sort((a, b) => a[0] - b[0]);
    return near[0]?.[1] ?? null;
  }

  /**
   * {from, to, expected, left_s, share} of one aircraft; each null where it is not known.
   * `expected` says that `to` is what a published corridor leads us to expect, no more.
   */
  of(one) {
    const { lon, lat, ground_speed_mps } = one.state;
    const scale = metresPerPixel(lat);
    const began = one.whole ? one.track.first : null;
    const from = one.origin ?? (began && this.portAt(began, scale));
    const told = { from: from ?? null, to: one.destination ?? null, expected: false, left_s: null, share: null };
    const drone = one.aircraft_class === "drone"; // Drones come back: a corridor tells nothing of them.
    if (told.to || one.origin || one.state.status === "Ground" || (!from && drone)) return told;
    const way = this.along(one, from, scale);
    if (!way) return told;
    const left_s = ground_speed_mps > MOVING_MPS ? way.left_m / ground_speed_mps : null;
    return { from: told.from, to: way.to, expected: true, left_s, share: way.share };
  }

  /** Along the nearest corridor that leads away from `from`: where to, and how far it still is. */
  along({ state }, from, scale) {
    let best = null;
    for (const line of this.corridors.flatMap((one) => [one, [...one].reverse()])) {
      const [begin, to] = [line[0], line.at(-1)].map((end) => this.portAt(end, scale));
      if (!begin || !to || begin === to || (from && begin !== from)) continue;
      const { away, passed, length, direction } = nearestOn(line, flat(state.lon, state.lat));
      const aligned = Number.isFinite(state.track_deg) &&
        Math.cos((state.track_deg * Math.PI) / 180 - direction) > ALONG && state.ground_speed_mps > MOVING_MPS;
      if (away * scale > NEAR_CORRIDOR_M || (!from && !aligned)) continue;
      if (!best || away < best.away) best = { away, to, left_m: (length - passed) * scale, share: passed / length };
    }
    return best;
  }
}

/** {away, passed, length} in world pixels, and the line's direction there, clockwise from north. */
function nearestOn(line, { x, y }) {
  let [length, away, passed, direction] = [0, Infinity, 0, 0];
  for (let i = 1; i < line.length; i += 1) {
    const [a, b] = [line[i - 1], line[i]];
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const size = Math.hypot(dx, dy);
    const u = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / (size * size || 1)));
    const far = Math.hypot(a.x + u * dx - x, a.y + u * dy - y);
    if (far < away) [away, passed, direction] = [far, length + u * size, Math.atan2(dx, -dy)];
    length += size;
  }
  return { length, away, passed, direction };
}
