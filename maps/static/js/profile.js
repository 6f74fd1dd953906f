// A flight seen from the side: height over time, with the datum at the axis.

import { clock } from "soramichi/format.js";
import { PLANNED, heightClass, heightColour } from "soramichi/palette.js";
import { word } from "soramichi/words.js";

const ROOM = { left: 58, right: 14, top: 32, bottom: 20 }; // Flags stand between the title and the chart.
const LINES = 4;
const LINE_PX = 20; // Lines nearer to each other than this would write their figures over one another.
const INKS = { text: "#c9d6de", line: "rgba(255,255,255,.16)", rest: "rgba(255,255,255,.30)", now: "#ffffff", planned: PLANNED };
const FONT = '12px "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", system-ui, sans-serif';

/** A round step that cuts `span` into about `parts`. */
export function roundStep(span, parts) {
  const rough = Math.max(span, 1) / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
}

export class Profile {
  /**
   * `samples` are a track's; heights that are unknown leave a gap. `planned` has the height planned at
   * each sample, in the same datum, and `marks` are {time_s, colour}: what happened on the way.
   */
  constructor(canvas, samples, datum, { planned = [], marks = [] } = {}) {
    Object.assign(this, { canvas, samples, datum, planned, marks });
    const heights = [...samples.map(({ altitude_m }) => altitude_m), ...planned].filter(Number.isFinite);
    this.start_s = samples[0].time_s;
    this.span_s = Math.max(1, samples.at(-1).time_s - this.start_s);
    this.lowest = Math.min(0, ...extent(heights));
    this.highest = Math.max(20, ...extent(heights));
  }

  /** Take the size that the canvas has now; answers whether a chart has room in it. */
  fit() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const { clientWidth, clientHeight } = this.canvas;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    Object.assign(this, { width: clientWidth, height: clientHeight, ratio });
    const [wide, high] = [clientWidth - ROOM.left - ROOM.right, clientHeight - ROOM.top - ROOM.bottom];
    this.step = roundStep(this.highest - this.lowest, Math.min(LINES, Math.max(1, Math.floor(high / LINE_PX))));
    this.low = Math.floor(this.lowest / this.step) * this.step;
    this.high = Math.ceil(this.highest / this.step) * this.step;
    return wide > 0 && high > 0;
  }

  x(time_s) {
    return ROOM.left + ((time_s - this.start_s) / this.span_s) * (this.width - ROOM.left - ROOM.right);
  }

  y(metres) {
    const u = (metres - this.low) / (this.high - this.low);
    return this.height - ROOM.bottom - u * (this.height - ROOM.top - ROOM.bottom);
  }

  /** The time under this point of the canvas; outside the flight, its nearer end. */
  timeAt(x) {
    const u = (x - ROOM.left) / (this.width - ROOM.left - ROOM.right);
    return this.start_s + Math.min(1, Math.max(0, u)) * this.span_s;
  }

  draw(at_s, altitude_m) {
    const roomy = this.fit();
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (!roomy) return; // Less than its margins would turn it upside down.
    this.drawAxes(context);
    this.drawPlanned(context);
    this.drawHeights(context, at_s);
    this.drawMarks(context);
    const x = this.x(at_s);
    context.fillStyle = INKS.now;
    context.fillRect(x - 0.75, ROOM.top - 6, 1.5, this.height - ROOM.top - ROOM.bottom + 6);
    if (!Number.isFinite(altitude_m)) return;
    context.beginPath();
    context.arc(x, this.y(altitude_m), 5, 0, 2 * Math.PI);
    context.fill();
  }

  drawAxes(context) {
    context.font = FONT;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (let metres = this.low; metres <= this.high; metres += this.step) {
      const y = this.y(metres);
      context.fillStyle = INKS.line;
      context.fillRect(ROOM.left, y, this.width - ROOM.left - ROOM.right, 1);
      context.fillStyle = INKS.text;
      context.fillText(`${metres} m`, ROOM.left - 8, y);
    }
    context.textAlign = "left";
    context.fillText(word("altitudeAxis", word(this.datum) ?? word("datumUnknown")), ROOM.left + 4, 8);
    const y = this.height - ROOM.bottom / 2 + 2;
    context.fillText(clock(new Date(this.start_s * 1000)), ROOM.left, y);
    context.textAlign = "right";
    const end = clock(new Date((this.start_s + this.span_s) * 1000));
    context.fillText(`${end} ${word("jst")}`, this.width - ROOM.right, y);
  }

  drawPlanned(context) {
    if (this.planned.length === 0) return;
    context.setLineDash([7, 5]);
    context.lineWidth = 2;
    context.strokeStyle = INKS.planned;
    context.beginPath();
    let open = false;
    this.planned.forEach((metres, i) => {
      const known = Number.isFinite(metres);
      const point = [this.x(this.samples[i].time_s), this.y(metres)];
      if (known && open) context.lineTo(...point);
      else if (known) context.moveTo(...point);
      open = known;
    });
    context.stroke();
    context.setLineDash([]);
  }

  // A flag for each event, its pole down to the axis.
  drawMarks(context) {
    for (const { time_s, colour } of this.marks) {
      const x = this.x(Math.min(this.start_s + this.span_s, Math.max(this.start_s, time_s)));
      context.fillStyle = colour;
      context.fillRect(x - 0.75, ROOM.top - 8, 1.5, this.height - ROOM.top - ROOM.bottom + 8);
      context.beginPath();
      context.moveTo(x, ROOM.top - 12);
      context.lineTo(x + 9, ROOM.top - 7);
      context.lineTo(x, ROOM.top - 2);
      context.fill();
    }
  }

  // What was flown until now in its height's colour, the rest pale.
  drawHeights(context, at_s) {
    context.lineJoin = "round";
    context.lineCap = "round";
    const past = this.samples.findLastIndex(({ time_s }) => time_s <= at_s);
    this.line(context, past, this.samples.length - 1, 2, () => INKS.rest);
    this.line(context, 0, past, 5, () => "#ffffff");
    this.line(context, 0, past, 3, heightColour);
  }

  /** Stroke samples[from..to], one path for each run of one height class. */
  line(context, from, to, width, colour) {
    context.lineWidth = width;
    let index = null;
    for (let i = Math.max(from, 0); i <= to; i += 1) {
      const { time_s, altitude_m } = this.samples[i];
      const now = heightClass(altitude_m);
      const point = [this.x(time_s), this.y(altitude_m)];
      if (index !== null && index !== -1 && now !== -1) context.lineTo(...point);
      if (now !== index) {
        if (index !== null && index !== -1) context.stroke();
        context.beginPath();
        context.strokeStyle = colour(now);
        if (now !== -1) context.moveTo(...point);
      }
      index = now;
    }
    if (index !== null && index !== -1) context.stroke();
  }
}

/** Samples of mixed heights for the profile of one datum: what is above another is not known there. */
export const heightsIn = (samples, datum) =>
  samples.map((one) => (one.altitude_datum === datum ? one : { ...one, altitude_m: undefined }));

/** [smallest, largest], or [] of nothing; without spreading a long array over the stack. */
function extent(numbers) {
  if (numbers.length === 0) return [];
  return [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
}
