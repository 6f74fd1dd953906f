// A planned route from the side: its height over the way, and the stretches that were found fault with.

import { roundStep } from "soramichi/profile.js";
import { severityColour } from "soramichi/verdicts.js";
import { word } from "soramichi/words.js";

const ROOM = { left: 62, right: 16, top: 22, bottom: 24 };
const INKS = { text: "#c9d6de", line: "rgba(255,255,255,.16)", route: "#ffffff" };
const FONT = '12px "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", system-ui, sans-serif';
const EARTH_M = 6371008.8;

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

export class Section {
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Draw one candidate: its GeoJSON feature and its verdict. */
  draw(feature, verdict) {
    const { coordinates } = feature.geometry;
    this.length_m = verdict.metrics.length_m || 1;
    this.way = along(coordinates, this.length_m);
    this.heights = coordinates.map((point) => point[2]);
    const known = this.heights.filter(Number.isFinite);
    const bands = verdict.findings.flatMap(({ height_overlap: band }) =>
      band?.datum === feature.properties.altitude_datum ? [band.from_m, band.to_m] : []);
    const all = [...known, ...bands.filter(Number.isFinite), 0, 100];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    this.step = roundStep(high - low, 4);
    this.low = Math.floor(low / this.step) * this.step;
    this.high = Math.ceil(high / this.step) * this.step;
    this.fit();
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.axes(context, feature.properties.altitude_datum);
    for (const finding of verdict.findings) this.finding(context, finding, feature.properties.altitude_datum);
    if (known.length === 0) this.unknown(context);
    else this.line(context);
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
    const u = (metres - this.low) / (this.high - this.low);
    return this.height - ROOM.bottom - u * (this.height - ROOM.top - ROOM.bottom);
  }

  axes(context, datum) {
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (let metres = this.low; metres <= this.high; metres += this.step) {
      context.fillStyle = INKS.line;
      context.fillRect(ROOM.left, this.y(metres), this.width - ROOM.left - ROOM.right, 1);
      context.fillStyle = INKS.text;
      context.fillText(`${metres} m`, ROOM.left - 8, this.y(metres));
    }
    context.textAlign = "left";
    context.fillText(word("altitudeAxis", word(datum) ?? word("datumUnknown")), ROOM.left + 4, 9);
    const y = this.height - ROOM.bottom / 2 + 2;
    context.fillText("0 km", ROOM.left, y);
    context.textAlign = "right";
    context.fillText(`${(this.length_m / 1000).toFixed(1)} km`, this.width - ROOM.right, y);
  }

  // A band of another datum cannot be put on this axis: then the whole height is marked.
  finding(context, { severity, from_m, to_m, height_overlap }, datum) {
    const band = height_overlap?.datum === datum ? height_overlap : null;
    const top = Number.isFinite(band?.to_m) ? this.y(band.to_m) : ROOM.top;
    const bottom = Number.isFinite(band?.from_m) ? this.y(band.from_m) : this.height - ROOM.bottom;
    const [x, width] = [this.x(from_m), Math.max(3, this.x(to_m) - this.x(from_m))];
    context.fillStyle = severityColour(severity);
    context.globalAlpha = 0.35;
    context.fillRect(x, top, width, Math.max(3, bottom - top));
    context.globalAlpha = 1;
    context.fillRect(x, this.height - ROOM.bottom - 4, width, 4);
  }

  line(context) {
    context.beginPath();
    let open = false;
    this.heights.forEach((metres, i) => {
      if (!Number.isFinite(metres)) {
        open = false;
        return;
      }
      if (open) context.lineTo(this.x(this.way[i]), this.y(metres));
      else context.moveTo(this.x(this.way[i]), this.y(metres));
      open = true;
    });
    context.lineWidth = 2.6;
    context.lineJoin = "round";
    context.strokeStyle = INKS.route;
    context.stroke();
  }

  unknown(context) {
    context.fillStyle = INKS.text;
    context.textAlign = "center";
    context.fillText(word("heightUnknown"), this.width / 2, this.height / 2);
  }
}
