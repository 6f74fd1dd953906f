// What lies below: where the map's own coast says open sea, a height above sea level is the height
// above what is below. Over land nobody knows it without terrain, and then nothing is said.

import { config, resource } from "soramichi/resources.js";

const CLEAR_M = 300; // The coast is known to about 160 m and may be out by more.
const METRES_PER_DEG = 111_200;
// Outside this the map has only large islands: no place there is known to be sea.
const KNOWN = { west: 135, east: 138.1, south: 33.3, north: 35.6 };
const CELL_DEG = 0.002;

export class Surface {
  /** Land with its margin is drawn once; to ask is then to look at one point, for any number of aircraft. */
  constructor(geojson) {
    const { geometry } = geojson.features.find(({ properties }) => properties.kind === "land");
    this.width = Math.round((KNOWN.east - KNOWN.west) / CELL_DEG);
    this.height = Math.round((KNOWN.north - KNOWN.south) / CELL_DEG);
    const context = new OffscreenCanvas(this.width, this.height).getContext("2d", { willReadFrequently: true });
    context.beginPath();
    for (const ring of geometry.coordinates.flat()) {
      ring.forEach(([lon, lat], i) => {
        const at = [(lon - KNOWN.west) / CELL_DEG, (KNOWN.north - lat) / CELL_DEG];
        if (i === 0) context.moveTo(...at);
        else context.lineTo(...at);
      });
      context.closePath();
    }
    context.fill("evenodd");
    // A degree of longitude is the shorter one: the stroke is as wide as it needs to be there.
    const narrow = METRES_PER_DEG * Math.cos((KNOWN.north * Math.PI) / 180);
    context.lineWidth = (2 * CLEAR_M) / narrow / CELL_DEG;
    context.lineJoin = "round";
    context.stroke();
    const { data } = context.getImageData(0, 0, this.width, this.height);
    this.land = Uint8Array.from({ length: this.width * this.height }, (_, i) => data[4 * i + 3]);
  }

  /** Whether there is only sea around this place; false where there is land or nobody knows. */
  isSea(lon, lat) {
    if (!(lon > KNOWN.west && lon < KNOWN.east && lat > KNOWN.south && lat < KNOWN.north)) return false;
    const [x, y] = [Math.floor((lon - KNOWN.west) / CELL_DEG), Math.floor((KNOWN.north - lat) / CELL_DEG)];
    return this.land[y * this.width + x] === 0;
  }

  /** {metres, over: "ground" | "sea"} above what lies below, or null where that is not known. */
  heightAbove({ altitude_m, altitude_datum, lon, lat }) {
    if (!Number.isFinite(altitude_m)) return null;
    if (altitude_datum === "AGL") return { metres: altitude_m, over: "ground" };
    if (altitude_datum !== "AMSL" || !this.isSea(lon, lat)) return null;
    return { metres: altitude_m, over: "sea" };
  }
}

let made;

/** The one surface of this page, made when it is first asked for. */
export async function surface() {
  made ??= resource("basemap").then((geojson) => new Surface(geojson));
  return made;
}

/**
 * {low, high} in dB(A) right below; null where that is not known. Where only the height above sea
 * level is known the ground is not lower than that: it is at least `low` loud, and `high` is null.
 */
export function loudness({ aircraft_class, state }, above) {
  const { sounds } = config;
  const known = sounds?.classes[aircraft_class];
  const away = above?.metres ?? (state.altitude_datum === "AMSL" ? state.altitude_m : NaN);
  if (!known || !Number.isFinite(away)) return null;
  const [level_db, level_distance_m, doubt_db] = known;
  const distance_m = Math.max(1, away);
  const spread = 20 * Math.log10(distance_m / level_distance_m);
  const middle = level_db - spread - sounds.absorbed_db_per_m * (distance_m - level_distance_m);
  const [low, high] = [middle - doubt_db, middle + doubt_db].map((db) => Math.max(0, Math.round(db)));
  return { low, high: above ? high : null };
}
