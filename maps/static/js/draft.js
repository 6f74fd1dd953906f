// Candidates as they are drawn and changed: GeoJSON features in, GeoJSON features out. Pure.
// A feature holds only what somebody stated, so that a verdict still says what was assumed.

const AGL_M = { drone: 120, evtol: 450, helicopter: 450 };
const STEPS_KEPT = 100;
// What a verdict calls assumed, and the member of a feature that would state it.
const MEMBERS = {
  ground_speed_mps: "speed_mps", half_width_m: "width_m", below_m: "below_m", above_m: "above_m",
  vertical_speed_mps: "vertical_speed_mps", aircraft_class: "aircraft_class",
};
const DEGREES = 1e6; // A tenth of a metre.

const rounded = (value) => Math.round(value * DEGREES) / DEGREES;

/** A line without points yet; a flying car unless somebody says otherwise. */
export function blank() {
  return made("", [], { aircraft_class: "evtol", height_datum: "AGL" });
}

function made(name, coordinates, members) {
  return { type: "Feature", properties: { name, ...members }, geometry: { type: "LineString", coordinates } };
}

/** The same under a name of ours, which both languages have. */
export const called = (feature, name, title_ja, title_en) =>
  ({ ...feature, properties: { ...feature.properties, name, title_ja, title_en } });

/** What a check answered for one candidate, without what it had to assume. */
export function stated(judged, assumed = []) {
  const { candidate, altitude_datum, ...members } = judged.properties;
  for (const one of assumed) delete members[MEMBERS[one]];
  const datum = altitude_datum ? { height_datum: altitude_datum } : {};
  return made(candidate ?? members.name, judged.geometry.coordinates, { ...members, name: candidate ?? members.name, ...datum });
}

/** Whether there is a line to judge: two points that differ. */
export const whole = ({ geometry: { coordinates } }) =>
  coordinates.some(([lon, lat]) => lon !== coordinates[0][0] || lat !== coordinates[0][1]);

const changed = (feature, coordinates) => ({ ...feature, geometry: { ...feature.geometry, coordinates } });

/** The same with another point at `index`, as high as the one before it (or behind, or as usual). */
export function inserted(feature, index, [lon, lat]) {
  const { coordinates } = feature.geometry;
  const neighbour = coordinates[index - 1] ?? coordinates[index];
  const usual = AGL_M[feature.properties.aircraft_class] ?? AGL_M.evtol;
  const height = neighbour ? neighbour[2] : usual;
  const point = [rounded(lon), rounded(lat), ...(Number.isFinite(height) ? [height] : [])];
  return changed(feature, coordinates.toSpliced(index, 0, point));
}

/** The same with the point at `index` elsewhere; its height stays. */
export function moved(feature, index, [lon, lat]) {
  const { coordinates } = feature.geometry;
  return changed(feature, coordinates.with(index, [rounded(lon), rounded(lat), ...coordinates[index].slice(2)]));
}

/** The same with another height at `index`; not a number: none. */
export function raised(feature, index, height_m) {
  const { coordinates } = feature.geometry;
  const [lon, lat] = coordinates[index];
  return changed(feature, coordinates.with(index, Number.isFinite(height_m) ? [lon, lat, height_m] : [lon, lat]));
}

/** The same without the point at `index`. */
export const without = (feature, index) => changed(feature, feature.geometry.coordinates.toSpliced(index, 1));

/** The same with a number behind its name and titles, for one that has them already. */
export function numbered(feature, n) {
  const properties = { ...feature.properties };
  for (const key of ["name", "title_ja", "title_en"]) if (properties[key]) properties[key] += ` ${n}`;
  return { ...feature, properties };
}

/**
 * The same with a member stated, or no longer stated when the value is empty; a name there always
 * is. Another one goes before the titles of the file.
 */
export function withMember(feature, key, value) {
  if (key === "name" && value.trim() === "") return feature;
  const { [key]: _, ...others } = feature.properties;
  if (key === "name") for (const title of ["title_ja", "title_en"]) delete others[title];
  const empty = value === "" || value === null || Number.isNaN(value);
  return { ...feature, properties: empty ? others : { ...others, [key]: value } };
}

/** Features as one file that `soramichi routes check` and this page read back. */
export const collection = (features) => ({ type: "FeatureCollection", features });

/** What was, what is, and the way back and forth between them. */
export class History {
  constructor(now) {
    Object.assign(this, { now, past: [], future: [] });
  }

  /** Take a new state in; one of the same `what` as the last replaces it (one drag, one step). */
  take(next, what = null) {
    if (what === null || what !== this.what) this.past.push(this.now);
    if (this.past.length > STEPS_KEPT) this.past.shift();
    Object.assign(this, { now: next, future: [], what });
  }

  /** The state before, or the same when there is none. */
  undo() {
    return this.step("past", "future");
  }

  redo() {
    return this.step("future", "past");
  }

  step(from, to) {
    if (this[from].length > 0) {
      this[to].push(this.now);
      this.now = this[from].pop();
    }
    this.what = null;
    return this.now;
  }
}
