// What a replay draws on the map under the aircraft: the corridor that was planned, the way that was
// flown, and what happened on it.

import { WEIGHTS, weightOf } from "soramichi/happened.js";
import { worldX, worldY } from "soramichi/motion.js";
import { HALO, INK, PLANNED } from "soramichi/palette.js";

const MARK_PX = 8;

/** The corridor in the gold of planned corridors, thin: the flight is what is looked at. */
export function drawPlanned(context, view, line) {
  context.beginPath();
  for (const [lon, lat] of line) context.lineTo(worldX(lon) * view.scale + view.x, worldY(lat) * view.scale + view.y);
  context.lineJoin = "round";
  for (const [width, colour] of [[4.4, "rgba(12,34,50,.65)"], [2.4, PLANNED]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** The whole way in dots, dark with a pale rim: seen on land and on the sea alike. */
export function drawFlown(context, view, samples) {
  context.beginPath();
  for (const { x, y } of samples) context.lineTo(x * view.scale + view.x, y * view.scale + view.y);
  context.lineCap = "round";
  context.setLineDash([0.1, 8]);
  for (const [width, colour] of [[5.4, HALO], [3.4, INK]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.setLineDash([]);
}

/** A diamond where each event happened, in the colour of its weight. */
export function drawEvents(context, view, events) {
  for (const event of events) {
    if (!Number.isFinite(event.lon) || !Number.isFinite(event.lat)) continue;
    const [x, y] = [worldX(event.lon) * view.scale + view.x, worldY(event.lat) * view.scale + view.y];
    context.beginPath();
    for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(x + dx * MARK_PX, y + dy * MARK_PX);
    context.closePath();
    context.fillStyle = WEIGHTS[weightOf(event)];
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = INK;
    context.stroke();
  }
}
