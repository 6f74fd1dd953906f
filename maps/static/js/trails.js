// The line an aircraft has flown, coloured by height, with a white rim and a dark edge.

import { HALO, heightClass, heightColour } from "soramichi/palette.js";

const STEP_PX = 2.5; // Points closer than this on the screen are one.

/** Stroke samples[0..end] (world pixels) in this view; `scale` makes the lines thicker. */
export function drawTrail(context, view, samples, end, scale = 1) {
  const runs = runsOfOneColour(view, samples, end);
  context.lineCap = "round";
  context.lineJoin = "round";
  stroke(context, runs, 6 * scale, () => "rgba(12,34,50,.45)");
  stroke(context, runs, 4.6 * scale, () => HALO);
  stroke(context, runs, 2.8 * scale, ({ index }) => heightColour(index));
}

function runsOfOneColour(view, samples, end) {
  const runs = [];
  let run = null;
  let [lastX, lastY] = [Infinity, Infinity];
  for (let i = 0; i <= end; i += 1) {
    const x = samples[i].x * view.scale + view.x;
    const y = samples[i].y * view.scale + view.y;
    if (i < end && Math.abs(x - lastX) + Math.abs(y - lastY) < STEP_PX) continue;
    const index = heightClass(samples[i].altitude_m);
    if (!run || run.index !== index) {
      run = { index, points: run ? [lastX, lastY] : [] };
      runs.push(run);
    }
    run.points.push(x, y);
    [lastX, lastY] = [x, y];
  }
  return runs;
}

function stroke(context, runs, width, colour) {
  context.lineWidth = width;
  for (const run of runs) {
    context.beginPath();
    for (let i = 0; i < run.points.length; i += 2) context.lineTo(run.points[i], run.points[i + 1]);
    context.strokeStyle = colour(run);
    context.stroke();
  }
}

/** From the last point of the trail to the aircraft itself, so that no gap opens between them. */
export function drawTail(context, view, last, { x, y, altitude_m }, scale = 1) {
  const from = [last.x * view.scale + view.x, last.y * view.scale + view.y];
  const run = { index: heightClass(altitude_m), points: [...from, x, y] };
  context.lineCap = "round";
  stroke(context, [run], 4.6 * scale, () => HALO);
  stroke(context, [run], 2.8 * scale, ({ index }) => heightColour(index));
}
