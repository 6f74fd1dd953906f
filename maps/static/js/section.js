// A planned route from the side: the heights it flies, the ground where it is known, the bands of the
// zones below and above it, and the stretches that were found fault with.

import { roundStep } from "soramichi/profile.js";
import { severityColour } from "soramichi/verdicts.js";
import { named, word } from "soramichi/words.js";

const ROOM = { left: 62, right: 16, top: 22, bottom: 24 };
const SCREEN = { text: "#c9d6de", line: "rgba(255,255,255,.16)", route: "#ffffff", band: "rgba(255,255,255,.3)", ground: "#6d6350", edge: "#a4977c", unknown: "rgba(160,130,220,.5)" };
const PAPER = { text: "#333333", line: "rgba(0,0,0,.14)", route: "#0c2232", band: "rgba(12,34,50,.22)", ground: "#d8cfba", edge: "#8a7c5f", unknown: "rgba(107,63,181,.4)" };
const ZONES = { PROHIBITED: "#d55e00", REQ_AUTHORIZATION: "#d99a00", CONDITIONAL: "#4ea3dc", USPACE: "#c77bb3" };
const FONT = '12px "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", system-ui, sans-serif';
const EARTH_M = 6371008.8;
const LABEL_PX = 90; // A zone narrower than this on the screen gets no name.

/** Metres along the line at each of its points, scaled so that its end lies at `length_m`. */
export function along(coordinates, length_m) {
  const rad = Math.PI / 180;
  const way = [0];
  for (let i = 1; i < coordinates.length; i += 1) {
    const [[lon, lat], [lon2, lat2]] = [coordinates[i - 1], coordinates[i]];
    const h = Math.sin(((lat2 - lat) * rad) / 2) ** 2 +
      Math.cos(lat * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon) * rad) / 2) ** 2;
    way.push(way[i - 1] + 2 * EARTH_M * Math.asin(Math.sqrt(h)));
  }
  const scale = length_m / (way.at(-1) || 1);
  return way.map((metres) => metres * scale);
}

/** Index of the later end of the segment that holds `metres`; both ends of the list are its limits. */
function segment(way, metres) {
  const found = way.findIndex((at) => at >= metres);
  return found < 0 ? way.length - 1 : Math.max(1, found);
}

/** [lon, lat, height] at `metres` of a line whose points lie at `way`. */
export function placeAt(coordinates, way, metres) {
  const i = segment(way, metres);
  const u = (metres - way[i - 1]) / (way[i] - way[i - 1] || 1);
  const [a, b] = [coordinates[i - 1], coordinates[i]];
  return [0, 1, 2].map((axis) => (b[axis] === a[axis] ? a[axis] : a[axis] + (b[axis] - a[axis]) * u));
}

/** The value of a profile's list at `metres`; null where it is not known. */
function valueAt(at_m, values, metres) {
  const i = segment(at_m, metres);
  const [a, b] = [values[i - 1], values[i] ?? values[i - 1]];
  if (a === null || b === null || a === undefined) return null;
  const u = (metres - at_m[i - 1]) / (at_m[i] - at_m[i - 1] || 1);
  return a + (b - a) * Math.min(1, Math.max(0, u));
}

/** What is at one place of the line, for people: heights of line and ground, and the zones there. */
export function told({ profile, verdict }, metres) {
  const { distance_m, top_m, bottom_m, ground_m, datum, limits } = profile;
  const [top, bottom, ground] = [top_m, bottom_m, ground_m].map((values) => valueAt(distance_m, values, metres));
  const unit = word(datum) ?? datum;
  const height = top === null ? word("heightUnknown") : word("band", bottom.toFixed(0), top.toFixed(0), unit);
  const names = limits.filter(({ at_m }) => at_m[0] <= metres && metres <= at_m.at(-1)).map(({ name }) => named(name));
  return [
    `${word("at", (metres / 1000).toFixed(1))} / ${(verdict.metrics.length_m / 1000).toFixed(1)} km`,
    `${word("flownHeight")} ${height}`,
    datum === "AMSL" && (ground === null ? word("groundUnknown") : `${word("ground")} ${ground.toFixed(0)} m`),
    [...new Set(names)].join(word("comma")),
  ].filter(Boolean).join(" · ");
}

export class Section {
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Draw one judged candidate: {profile, verdict}; `letters` as for its card. On paper in ink instead of light. */
  draw({ profile, verdict }, letters, paper = false) {
    Object.assign(this, { profile, letters, inks: paper ? PAPER : SCREEN });
    this.length_m = profile.length_m || 1;
    const flown = [...profile.top_m, ...profile.bottom_m, ...profile.ground_m].filter(Number.isFinite);
    // Zones may reach to the sky: they are shown as far as half of what is flown above it.
    const reach = Math.max(100, ...flown) * 1.5;
    const limits = profile.limits.flatMap(({ floor_m = [], ceiling_m = [] }) => [...floor_m, ...ceiling_m]);
    const all = [...flown, ...limits.filter((m) => Number.isFinite(m) && m <= reach && m >= 0), 0, 100];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    this.step = roundStep(high - low, 4);
    // A little below the sea needs no step of its own.
    this.low = low >= 0 ? 0 : Math.max(Math.floor(low / this.step), low > -0.4 * this.step ? -0.4 : -Infinity) * this.step;
    this.high = Math.ceil(high / this.step) * this.step;
    this.fit();
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context = context;
    this.labels = [];
    this.taken = [];
    for (const limit of profile.limits) this.limit(limit);
    this.ground();
    this.axes();
    this.findings(verdict.findings);
    this.flight();
    this.write();
  }

  // To set the size is to clear.
  fit() {
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
  }

  x(metres) {
    return ROOM.left + (metres / this.length_m) * (this.width - ROOM.left - ROOM.right);
  }

  y(metres) {
    const u = (Math.min(this.high, Math.max(this.low, metres)) - this.low) / (this.high - this.low);
    return this.height - ROOM.bottom - u * (this.height - ROOM.top - ROOM.bottom);
  }

  /** Metres along the line under this point of the canvas. */
  metresAt(x) {
    const u = (x - ROOM.left) / (this.width - ROOM.left - ROOM.right);
    return Math.min(1, Math.max(0, u)) * this.length_m;
  }

  axes() {
    const { context, inks } = this;
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (let metres = Math.ceil(this.low / this.step) * this.step; metres <= this.high; metres += this.step) {
      context.fillStyle = inks.line;
      context.fillRect(ROOM.left, this.y(metres), this.width - ROOM.left - ROOM.right, 1);
      context.fillStyle = inks.text;
      context.fillText(`${metres || 0} m`, ROOM.left - 8, this.y(metres));
    }
    context.textAlign = "left";
    const { datum } = this.profile;
    context.fillText(word("altitudeAxis", word(datum) ?? word("datumUnknown")), ROOM.left + 4, 9);
    const y = this.height - ROOM.bottom / 2 + 2;
    context.fillText("0 km", ROOM.left, y);
    context.textAlign = "right";
    context.fillText(`${(this.length_m / 1000).toFixed(1)} km`, this.width - ROOM.right, y);
  }

  /** The area between two edges; null in an edge leaves a gap. */
  area(at_m, lows, highs, fill) {
    const { context } = this;
    context.fillStyle = fill;
    let from = 0;
    for (let i = 0; i <= at_m.length; i += 1) {
      if (i < at_m.length && Number.isFinite(lows[i]) && Number.isFinite(highs[i])) continue;
      if (i > from) {
        context.beginPath();
        for (let k = from; k < i; k += 1) context.lineTo(this.x(at_m[k]), this.y(highs[k]));
        for (let k = i - 1; k >= from; k -= 1) context.lineTo(this.x(at_m[k]), this.y(lows[k]));
        context.fill();
      }
      from = i + 1;
    }
  }

  limit({ at_m, floor_m, ceiling_m, zone_type, name }) {
    const { context } = this;
    const open = (value) => at_m.map(() => value);
    const [lows, highs] = [floor_m ?? open(this.low), ceiling_m ?? open(this.high)];
    const colour = ZONES[zone_type] ?? ZONES.CONDITIONAL;
    context.globalAlpha = 0.2;
    this.area(at_m, lows, highs, colour);
    context.globalAlpha = 0.9;
    context.fillStyle = colour;
    for (const edge of [floor_m, ceiling_m]) if (edge) this.stroke(at_m, edge, colour, 1.2);
    context.globalAlpha = 1;
    const known = lows.findIndex((m, i) => Number.isFinite(m) && Number.isFinite(highs[i]));
    const [x, end] = [this.x(at_m[0]), this.x(at_m.at(-1))];
    if (known >= 0) this.labels.push({ x: this.x(at_m[known]), end, y: this.y(Math.min(this.high, highs[known])) + 9, low: this.y(lows[known]), text: named(name), colour });
    else this.question(x, end, name, colour);
  }

  // A band whose ends are not known here: a faint column, and its name with a question mark.
  question(x, end, name, colour) {
    this.context.fillStyle = this.inks.unknown;
    this.context.globalAlpha = 0.25;
    this.context.fillRect(x, ROOM.top, end - x, this.height - ROOM.bottom - ROOM.top);
    this.context.globalAlpha = 1;
    this.labels.push({ x, end, y: ROOM.top + 9, low: this.height, text: `? ${named(name)}`, colour });
  }

  // The names of zones, where one has room and does not lie on another.
  write() {
    const { context, taken } = this;
    context.textAlign = "left";
    context.font = FONT;
    for (const { x, end, y, low, text } of this.labels.sort((a, b) => b.end - b.x - (a.end - a.x))) {
      if (end - x < LABEL_PX || low - y < 2) continue;
      let shown = text;
      while (context.measureText(shown).width > end - x - 10 && shown.length > 4) shown = `${shown.slice(0, -2)}…`;
      const box = { left: x + 5, right: x + 5 + context.measureText(shown).width, top: y - 8, bottom: y + 8 };
      const lies = (other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
      if (taken.some(lies) || taken.some((other) => other.text === text && lies({ ...other, left: -1e9, right: 1e9, top: -1e9, bottom: 1e9 }))) continue;
      taken.push({ ...box, text });
      context.fillStyle = this.inks.text;
      context.fillText(shown, x + 5, y);
    }
  }

  ground() {
    const { distance_m, ground_m, datum } = this.profile;
    if (datum === "AGL") return;
    this.area(distance_m, distance_m.map(() => this.low), ground_m, this.inks.ground);
    this.stroke(distance_m, ground_m, this.inks.edge, 1.5);
    // Not loaded is not the sea: the foot of such a stretch is dotted.
    const { context } = this;
    context.fillStyle = this.inks.unknown;
    ground_m.forEach((metres, i) => {
      if (metres !== null) return;
      const x = this.x(distance_m[i]);
      context.fillRect(x, this.height - ROOM.bottom - 12, Math.max(1, this.x(distance_m[i + 1] ?? this.length_m) - x - 1), 12);
    });
  }

  // Where something was found: a bar at the foot, in its colour, with a faint column above.
  findings(found) {
    const { context } = this;
    for (const { kind, severity, from_m, to_m, other } of found) {
      const [x, width] = [this.x(from_m), Math.max(3, this.x(to_m) - this.x(from_m))];
      context.fillStyle = severityColour(severity);
      // Another candidate is told by nothing else here, a zone by its band.
      context.globalAlpha = kind === "corridor" ? 0.45 : severity === "caution" ? 0 : 0.14;
      context.fillRect(x, ROOM.top, width, this.height - ROOM.bottom - ROOM.top);
      context.globalAlpha = 1;
      context.fillRect(x, this.height - ROOM.bottom, width, 5);
      if (kind === "corridor") this.near(x, x + width, other);
    }
  }

  /** Another candidate that comes close here, on the side that has room. */
  near(from, to, other) {
    const { context } = this;
    const text = `⇄ ${this.letters.get(other) ?? other}`;
    context.font = FONT;
    const wide = context.measureText(text).width;
    const left = to + 6 + wide < this.width - ROOM.right ? to + 6 : from - 6 - wide;
    const box = { left, right: left + wide, top: ROOM.top + 1, bottom: ROOM.top + 17, text };
    this.taken.push(box);
    context.fillStyle = this.inks.text;
    context.textAlign = "left";
    context.fillText(text, left, ROOM.top + 9);
  }

  flight() {
    const { distance_m, top_m, bottom_m } = this.profile;
    if (!top_m.some(Number.isFinite)) {
      const { context } = this;
      context.fillStyle = this.inks.text;
      context.textAlign = "center";
      context.fillText(word("heightUnknown"), this.width / 2, this.height / 2);
      return;
    }
    this.area(distance_m, bottom_m, top_m, this.inks.band);
    const middle = top_m.map((top, i) => (top === null || bottom_m[i] === null ? null : (top + bottom_m[i]) / 2));
    this.stroke(distance_m, middle, this.inks.route, 2.6);
  }

  stroke(at_m, values, colour, width) {
    const { context } = this;
    context.beginPath();
    let open = false;
    values.forEach((metres, i) => {
      const known = Number.isFinite(metres);
      if (known && open) context.lineTo(this.x(at_m[i]), this.y(metres));
      else if (known) context.moveTo(this.x(at_m[i]), this.y(metres));
      open = known;
    });
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = colour;
    context.stroke();
  }
}
