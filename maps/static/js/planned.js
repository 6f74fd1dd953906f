// Planned against flown: how far each sample of a flight was from a corridor's line. Pure.
// Legs are great circles, which differ from geodesics by less than a metre over 20 km.

const EARTH_M = 6371008.8;
const NEAR_M = 3000; // A corridor counts as the flight's neighbour when half of it was flown this near.

const rad = (degrees) => (degrees * Math.PI) / 180;

function vector([lon, lat]) {
  const c = Math.cos(rad(lat));
  return [c * Math.cos(rad(lon)), c * Math.sin(rad(lon)), Math.sin(rad(lat))];
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const angle = (a, b) => Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));

/** Metres from a place to the nearest point of a line, and how high the line is planned there. */
export function distanceTo(line) {
  const points = line.map(vector);
  const legs = points.slice(1).map((b, i) => {
    const normal = cross(points[i], b);
    const length = Math.hypot(...normal) || 1;
    return { a: points[i], b, normal: normal.map((v) => v / length), whole: angle(points[i], b), heights: [line[i][2], line[i + 1][2]] };
  });
  return (place) => {
    const p = vector(place);
    let best = { off_m: Infinity, planned_m: undefined };
    for (const { a, b, normal, whole, heights } of legs) {
      const beside = dot(p, normal);
      const foot = p.map((v, axis) => v - beside * normal[axis]);
      const [from, to] = [angle(a, foot), angle(foot, b)];
      const within = whole > 0 && from + to <= whole + 1e-9;
      const u = within ? from / whole : angle(p, a) <= angle(p, b) ? 0 : 1;
      const off_m = EARTH_M * (within ? Math.abs(Math.asin(beside)) : angle(p, u ? b : a));
      if (off_m >= best.off_m) continue;
      const [low, high] = heights;
      best = { off_m, planned_m: Number.isFinite(low) && Number.isFinite(high) ? low + (high - low) * u : undefined };
    }
    return best;
  };
}

/**
 * The corridor that a flight is laid beside: the one that an event names (`assigned`), else the
 * published one nearby; null when none is. `samples` are [lon, lat].
 */
export function corridorOf(corridors, places, named) {
  const lines = corridors.filter(({ geometry }) => geometry?.type === "LineString" && geometry.coordinates.length > 1);
  const measured = lines.map((corridor) => {
    const to = distanceTo(corridor.geometry.coordinates);
    const off = places.map(to);
    const sorted = off.map(({ off_m }) => off_m).sort((a, b) => a - b);
    const { identifier } = corridor.properties;
    return { corridor, off, assigned: named.has(identifier), half_m: sorted[sorted.length >> 1], most_m: sorted.at(-1) };
  });
  const nearest = measured.filter(({ assigned, half_m }) => assigned || half_m <= NEAR_M)
    .sort((a, b) => b.assigned - a.assigned || a.half_m - b.half_m);
  return nearest[0] ?? null;
}
