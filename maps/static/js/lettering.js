// Text on a canvas, made into a picture once: to draw it then costs as much as a small image.

const FONT = '"Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", system-ui, sans-serif';
// Opaque: what shows through a sign is read as a part of it.
const PLATE = { ground: "#fffdf8", edge: "#7a868e", ink: "#0c2232", pad: 7 };
const FADED = { ...PLATE, ground: "#e6e3db", ink: "#3f4c56" };
const NAME_PX = 190;

/** Whether two {left, top, width, height} share any area. */
const overlap = (a, b) =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

// Where something stands beside a point: how far off (in reaches) right and down, and which share
// of its own size it is drawn back by.
const SIDES = {
  right: [1, 0, 0, -0.5], left: [-1, 0, -1, -0.5], above: [0, -1, -0.5, -1], below: [0, 1, -0.5, 0],
  middle: [0, 0, -0.5, -0.5],
  upRight: [0.7, -0.7, 0, -1], downRight: [0.7, 0.7, 0, 0], upLeft: [-0.7, -0.7, -1, -1], downLeft: [-0.7, 0.7, -1, 0],
};
/** The sides that keep off the point itself. */
export const ALL_SIDES = Object.keys(SIDES).filter((side) => side !== "middle");

/** The box of something of this size on that side of a point, on whole pixels. */
export function beside(side, x, y, reach, { width, height }) {
  const [right, down, across, up] = SIDES[side];
  return { left: Math.round(x + right * reach + across * width), top: Math.round(y + down * reach + up * height), width, height };
}

/** The square of this half width around a point. */
export const around = (x, y, half) => ({ left: x - half, top: y - half, width: 2 * half, height: 2 * half });

/** Whether a box lies whole on the sheet and on nothing that is taken. */
export const fits = (box, sheet, taken) =>
  box.left >= 0 && box.top >= 0 && box.left + box.width <= sheet.width && box.top + box.height <= sheet.height &&
  !taken.some((other) => overlap(box, other));

/** Text as a picture with its halo, made once: drawing it costs as much as a small image. */
export function written(text, look, ratio, scale = 1) {
  const image = document.createElement("canvas");
  const context = image.getContext("2d");
  const font = `${look.weight} ${look.size}px ${FONT}`;
  context.font = font;
  context.letterSpacing = look.spacing ?? "0.02em";
  const width = Math.ceil(context.measureText(text).width) + 8;
  const height = Math.ceil(look.size * 1.5);
  image.width = width * ratio * scale;
  image.height = height * ratio * scale;
  context.scale(ratio * scale, ratio * scale);
  context.font = font;
  context.letterSpacing = look.spacing ?? "0.02em";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  if (look.halo) {
    context.lineWidth = 3.5;
    context.strokeStyle = look.halo;
    context.strokeText(text, 4, height / 2);
  }
  context.fillStyle = look.ink;
  context.fillText(text, 4, height / 2);
  return { image, width: width * scale, height: height * scale };
}

/** A small sign with a name and, below it in bold, a figure; `faded` for what is not heard any more. */
export function plate(name, figure, ratio, scale = 1, faded = false) {
  const look = faded ? FADED : PLATE;
  const image = document.createElement("canvas");
  const context = image.getContext("2d");
  const fonts = [`500 11px ${FONT}`, `700 12.5px ${FONT}`];
  context.font = fonts[0];
  const text = shortened(name, context);
  const widths = [text, figure].map((line, i) => {
    context.font = fonts[i];
    return context.measureText(line).width;
  });
  const width = Math.ceil(Math.max(...widths)) + 2 * PLATE.pad;
  const height = 37;
  image.width = width * ratio * scale;
  image.height = height * ratio * scale;
  context.scale(ratio * scale, ratio * scale);
  context.beginPath();
  context.roundRect(0.5, 0.5, width - 1, height - 1, 6);
  context.fillStyle = look.ground;
  context.fill();
  context.strokeStyle = look.edge;
  context.stroke();
  context.fillStyle = look.ink;
  context.textBaseline = "middle";
  [text, figure].forEach((line, i) => {
    context.font = fonts[i];
    context.fillText(line, PLATE.pad, i ? 25.5 : 11.5);
  });
  return { image, width: width * scale, height: height * scale };
}

function shortened(name, context) {
  const letters = [...name.slice(0, 100)];
  const fits = () => context.measureText(letters.join("")).width <= NAME_PX;
  if (fits()) return letters.join("");
  while (!fits()) letters.pop();
  return `${letters.join("")}…`;
}
