// Where two candidates come too close to each other: said in words, and marked on both lines of the map.

import { clock } from "soramichi/format.js";
import { element, letterOf, lineColour, severityColour } from "soramichi/verdicts.js";
import { word } from "soramichi/words.js";

const WORST_FIRST = ["fail", "unknown", "caution"];

const about = ({ result }, { feature }) => (result?.verdict.findings ?? [])
  .filter(({ kind, other }) => kind === "corridor" && other === feature.properties.name);

/**
 * Every pair of candidates that come too close, or of which it cannot be told: {pair, found, severity},
 * `found` being the findings on the one line and those on the other.
 */
export function conflictsAmong(entries) {
  const conflicts = [];
  entries.forEach((one, a) => entries.slice(a + 1).forEach((other, i) => {
    const found = [about(one, other), about(other, one)];
    const severities = found.flat().map(({ severity }) => severity);
    const severity = WORST_FIRST.find((each) => severities.includes(each));
    if (severity) conflicts.push({ pair: [a, a + 1 + i], found, severity });
  }));
  return conflicts;
}

const km = (metres) => (metres / 1000).toFixed(2);

/** "A 12.10–12.93 km · they overlap · 10:05:31–10:05:48", for the stretches of both lines. */
function details({ pair, found }) {
  const stretches = pair.map((index, i) =>
    `${letterOf(index)} ${found[i].map(({ from_m, to_m }) => `${km(from_m)}–${km(to_m)}`).join(word("comma"))} km`);
  const least = Math.min(...found.flat().map(({ clearance_m }) => clearance_m).filter(Number.isFinite));
  const apart = !Number.isFinite(least) ? "" : least > 0 ? word("leastApart", Math.round(least)) : word("overlapping");
  const when = found[0].map(({ time_overlap }) => time_overlap?.map((at) => clock(new Date(at))).join("–")).filter(Boolean);
  return [...stretches, apart, when.length > 0 ? `${when.join(word("comma"))} ${word("jst")}` : ""].filter(Boolean).join(" · ");
}

const SENTENCES = { fail: "closeTogether", caution: "closeIfBoth", unknown: "closeUnknown" };

function chip(index) {
  const letter = element("span", "letter", letterOf(index));
  letter.style.backgroundColor = lineColour(index);
  return letter;
}

/** Fill `box` with a button for each pair; `press(coordinates)` is given both stretches. Hidden without any. */
export function showBetween(box, entries, press) {
  const conflicts = conflictsAmong(entries);
  box.hidden = conflicts.length === 0;
  if (box.hidden) return box.replaceChildren();
  const list = element("ul", "findings");
  list.append(...conflicts.map((conflict) => {
    const { pair, found, severity } = conflict;
    const button = element("button", "pair");
    button.type = "button";
    button.dataset.severity = severity;
    const letters = element("span", "letters");
    letters.append(chip(pair[0]), element("i", "", "⇄"), chip(pair[1]));
    const words = element("span");
    words.append(element("strong", "", word(SENTENCES[severity], ...pair.map(letterOf))), element("small", "", details(conflict)));
    button.append(letters, words);
    button.addEventListener("click", () => press(found.flat().flatMap(({ geometry }) => geometry?.coordinates ?? [])));
    const item = element("li");
    item.append(button);
    return item;
  }));
  const needed = entries.find(({ result }) => result?.separation)?.result.separation;
  const rule = needed ? [element("p", "quiet", word("keepApart", needed.horizontal_m, needed.vertical_m, needed.time_s))] : [];
  return box.replaceChildren(element("h3", "", word("between")), list, ...rule);
}

/** [colour, coordinates] of every stretch, to be drawn below the lines. */
export const haloes = (entries) => conflictsAmong(entries).flatMap(({ found, severity }) =>
  found.flat().filter(({ geometry }) => geometry).map(({ geometry }) => [severityColour(severity), geometry.coordinates]));

/** [text, colour, place] of the mark of each pair, at the middle of its first stretch. */
const marks = (entries) => conflictsAmong(entries).map(({ pair, found, severity }) => {
  const line = found.flat().find(({ geometry }) => geometry)?.geometry.coordinates;
  return [pair.map(letterOf).join(" ⇄ "), severityColour(severity), line?.[Math.floor(line.length / 2)]];
}).filter(([, , place]) => place);

/** Draw the marks, each beside its place; `at(place)` is where on the sheet. */
export function drawMarks(context, entries, at) {
  context.font = "700 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [text, colour, place] of marks(entries)) {
    const [x, y] = at(place);
    const wide = context.measureText(text).width + 24;
    const [left, middle] = [x + 20, y - 20];
    // White around both, so that the mark stands out from land, sea and lines alike.
    for (const [style, more] of [["#ffffff", 2], [colour, 0]]) {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(left + 8, middle);
      context.lineWidth = 3 + 2 * more;
      context.strokeStyle = style;
      context.stroke();
      context.beginPath();
      context.roundRect(left - more, middle - 13 - more, wide + 2 * more, 26 + 2 * more, 99);
      context.fillStyle = style;
      context.fill();
    }
    context.fillStyle = "#ffffff";
    context.fillText(text, left + wide / 2, middle + 1);
  }
}
