// Text on a canvas, made into a picture once: to draw it then costs as much as a small image.

const FONT = '"Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", system-ui, sans-serif';
const PLATE = { ground: "rgba(255,253,248,.93)", edge: "rgba(12,34,50,.55)", ink: "#0c2232", pad: 7 };
const NAME_PX = 190;

/** Whether two {left, top, width, height} share any area. */
export const overlap = (a, b) =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

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

/** A small sign with a name and, below it in bold, a figure. */
export function plate(name, figure, ratio, scale = 1) {
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
  context.fillStyle = PLATE.ground;
  context.fill();
  context.strokeStyle = PLATE.edge;
  context.stroke();
  context.fillStyle = PLATE.ink;
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
