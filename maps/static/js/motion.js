// Where an aircraft is between two samples. Pure: times come in, places go out.
//
// A track keeps its samples in world pixels (Web Mercator, the world 256 wide), which is linear in
// the screen at every zoom. Between samples it is a Hermite curve through both places with both
// velocities, so a turn is round; without velocities it is the straight line.

const WORLD = 256;
const EQUATOR_M = 40075016.686;
const KEPT = 1200;
const GAP_S = 15; // Beyond this the curve would be a guess; the straight line says less.
const STATES_KEPT = 12; // More than arrive between what is newest and what is shown.
const CAUGHT_UP_S = 3;
const COAST_S = 1.5; // Past the last sample it goes on for this long, then stands.

/** What is older than this when received is a recording (seconds). */
export const RECORDED_S = 120;

const radians = (degrees) => (degrees * Math.PI) / 180;

export const worldX = (lon) => (WORLD * (lon + 180)) / 360;
export const worldY = (lat) =>
  WORLD * (0.5 - Math.log(Math.tan(Math.PI / 4 + radians(lat) / 2)) / (2 * Math.PI));
export const worldLatLng = (x, y) => [
  (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD))) * 180) / Math.PI,
  (x * 360) / WORLD - 180,
];

/** World pixels per second, or null when speed or track is unknown. */
function velocity(state) {
  if (!Number.isFinite(state.ground_speed_mps) || !Number.isFinite(state.track_deg)) return null;
  const perMetre = WORLD / (EQUATOR_M * Math.cos(radians(state.lat)));
  const speed = state.ground_speed_mps * perMetre;
  return [speed * Math.sin(radians(state.track_deg)), -speed * Math.cos(radians(state.track_deg))];
}

const between = (a, b, u) => (Number.isFinite(a) && Number.isFinite(b) ? a + (b - a) * u : b ?? a);

/** The short way round from one direction to another. */
function turn(a, b, u) {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return b ?? a;
  return (a + ((((b - a) % 360) + 540) % 360 - 180) * u + 360) % 360;
}

const hermite = (p, v, q, w, u) => {
  const u2 = u * u;
  const u3 = u2 * u;
  return (2 * u3 - 3 * u2 + 1) * p + (u3 - 2 * u2 + u) * v + (3 * u2 - 2 * u3) * q + (u3 - u2) * w;
};

/** Index of the last sample whose key is not after `key`; 0 when all are. */
function lastUntil(samples, key) {
  let [low, high] = [0, samples.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (samples[middle].key_s <= key) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A stored flight (the track endpoint's feature) as a track on the time it was observed. */
export function flown({ geometry, properties }) {
  const track = new Track();
  track.flight = properties.flight;
  const { times, ground_speed_mps = [], track_deg = [] } = properties;
  track.samples = geometry.coordinates.map(([lon, lat, altitude_m], i) => {
    const state = { lon, lat, ground_speed_mps: ground_speed_mps[i], track_deg: track_deg[i] };
    const time_s = Date.parse(times[i]) / 1000;
    return {
      time_s, key_s: time_s, x: worldX(lon), y: worldY(lat), velocity: velocity(state), altitude_m,
      heading_deg: track_deg[i] ?? undefined, ground_speed_mps: ground_speed_mps[i], track_deg: track_deg[i],
    };
  });
  return track;
}

export class Track {
  constructor() {
    this.samples = [];
    this.first = undefined; // Of this flight: kept when `samples` drops it.
    this.flight = undefined;
    this.lag_s = 0;
    this.recorded = false;
    this.place = { x: 0, y: 0, altitude_m: undefined, heading_deg: undefined };
  }

  /** Take a state in; one that is not newer than the last is left out. Answers whether taken. */
  push(state) {
    const time_s = Date.parse(state.time) / 1000;
    const received_s = Date.parse(state.received_at ?? state.time) / 1000;
    if (!Number.isFinite(time_s) || !Number.isFinite(state.lon)) return false;
    if (state.flight !== this.flight) this.restart(state.flight);
    const last = this.samples.at(-1);
    if (last && time_s <= last.time_s) return false;
    const lag = received_s - time_s;
    this.follow(lag > RECORDED_S);
    // A slow average: one late message must not pull the aircraft back on its way. What waited while a
    // line was cut comes late and all at once; the message behind it tells how late it is now.
    this.lag_s = last && this.lag_s - lag < CAUGHT_UP_S ? this.lag_s + (lag - this.lag_s) * 0.1 : lag;
    this.samples.push({
      time_s,
      // A recording may be replayed faster than it flew: its clock is that of its arrival.
      key_s: this.recorded ? received_s : time_s,
      x: worldX(state.lon),
      y: worldY(state.lat),
      velocity: velocity(state),
      altitude_m: state.altitude_m,
      altitude_datum: state.altitude_datum,
      heading_deg: state.heading_deg ?? state.track_deg,
      state,
    });
    this.first ??= this.samples[0];
    const past = this.samples.at(-1 - STATES_KEPT);
    if (past) past.state = null; // Long shown: only the trail needs it any more.
    if (this.samples.length > KEPT) this.samples.shift();
    return true;
  }

  /** Go by the clock of arrival or by that of observation; what came before goes by the same. */
  follow(recorded) {
    if (recorded === this.recorded) return;
    this.recorded = recorded;
    for (const sample of this.samples) sample.key_s = recorded ? -Infinity : sample.time_s;
  }

  restart(flight) {
    this.samples = [];
    this.first = undefined;
    this.flight = flight;
  }

  /** Put older samples (from the store) before those received: [{time_s, lon, lat, altitude_m, altitude_datum}]. */
  prepend(points) {
    const first = this.samples[0]?.time_s ?? Infinity;
    const older = points
      .filter((point) => point.time_s < first)
      .map((point) => ({
        time_s: point.time_s,
        // When a recording's sample arrived is not stored: only its trail shows it.
        key_s: this.recorded ? -Infinity : point.time_s,
        x: worldX(point.lon),
        y: worldY(point.lat),
        velocity: null,
        altitude_m: point.altitude_m,
        altitude_datum: point.altitude_datum,
        heading_deg: undefined,
        state: null,
      }));
    this.first = older[0] ?? this.first;
    this.samples = [...older, ...this.samples].slice(-2 * KEPT);
  }

  /** Where it is at `now_s` (seconds, the server's clock, delay already taken off); null if never seen. */
  at(now_s) {
    const { samples, place } = this;
    if (samples.length === 0) return null;
    const key = this.recorded ? now_s : now_s - this.lag_s;
    const i = lastUntil(samples, key);
    place.index = i;
    const a = samples[i];
    const b = samples[i + 1];
    if (!b || a.key_s > key) return this.coast(a, key);
    if (a.key_s === -Infinity) return this.coast(b, key);
    const u = (key - a.key_s) / (b.key_s - a.key_s);
    const dt = b.time_s - a.time_s;
    const curved = a.velocity && b.velocity && dt <= GAP_S;
    place.x = curved ? hermite(a.x, a.velocity[0] * dt, b.x, b.velocity[0] * dt, u) : between(a.x, b.x, u);
    place.y = curved ? hermite(a.y, a.velocity[1] * dt, b.y, b.velocity[1] * dt, u) : between(a.y, b.y, u);
    place.altitude_m = between(a.altitude_m, b.altitude_m, u);
    place.heading_deg = turn(a.heading_deg, b.heading_deg, u);
    return place;
  }

  /** The state of the sample that is shown at `now_s`; the oldest that is kept, where that one's is not. */
  stateAt(now_s) {
    const at = this.at(now_s);
    return this.samples[at?.index]?.state ?? this.samples.slice(-STATES_KEPT).find(({ state }) => state)?.state ?? null;
  }

  coast(sample, key) {
    const beyond = Math.max(0, Math.min(COAST_S, key - sample.key_s));
    const { place } = this;
    place.x = sample.x + (sample.velocity?.[0] ?? 0) * beyond;
    place.y = sample.y + (sample.velocity?.[1] ?? 0) * beyond;
    place.altitude_m = sample.altitude_m;
    place.heading_deg = sample.heading_deg;
    return place;
  }
}
