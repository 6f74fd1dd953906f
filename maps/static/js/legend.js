// What the colours and shapes mean.

import { HEIGHTS } from "soramichi/palette.js";
import { picture } from "soramichi/shapes.js";
import { onLanguage, word } from "soramichi/words.js";

/** Fill the two lists of the legend, again at each change of language. */
export function legend(heights, classes) {
  onLanguage(() => {
    heights.replaceChildren(...HEIGHTS.map(heightRow));
    classes.replaceChildren(...["evtol", "drone", "helicopter", "unknown"].map(classRow), vertiportRow());
  });
}

function row(mark, text) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = text;
  item.append(mark, words);
  return item;
}

function heightRow({ from, to, colour }) {
  const swatch = document.createElement("i");
  swatch.className = "swatch";
  swatch.style.backgroundColor = colour;
  return row(swatch, word("legendRange", from, to));
}

function vertiportRow() {
  const svg = picture("unknown", "none");
  svg.setAttribute("viewBox", "-12 -12 24 24");
  const ring = svg.firstChild;
  ring.setAttribute("d", "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0zM-3.4-3.2L0 3.6L3.4-3.2");
  ring.setAttribute("stroke", "currentColor");
  ring.setAttribute("stroke-width", "2");
  return row(svg, word("vertiport"));
}

const classRow = (name) => row(picture(name, "currentColor"), word(name));
