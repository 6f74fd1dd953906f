// What the colours and shapes mean.

import { HEIGHTS } from "soramichi/palette.js";
import { picture } from "soramichi/shapes.js";
import { onLanguage, word } from "soramichi/words.js";

/** Fill the two lists of the legend, again at each change of language. */
export function legend(heights, classes) {
  onLanguage(() => {
    heights.replaceChildren(...HEIGHTS.map(heightRow));
    classes.replaceChildren(...["evtol", "drone", "helicopter", "unknown"].map(classRow));
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

const classRow = (name) => row(picture(name, "currentColor"), word(name));
