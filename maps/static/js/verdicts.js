// Verdicts in words: one card for each candidate, and a table to lay them side by side.
// Names of files and zones come from outside: they are only ever set as text.

import { duration } from "soramichi/format.js";
import { named, word } from "soramichi/words.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SEVERITIES = { fail: "#d7263d", unknown: "#8a5cd6", caution: "#d99a00" };
// Okabe and Ito's, for lines that lie beside each other.
const LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00"];

export const letterOf = (index) => LETTERS[index % LETTERS.length];
export const lineColour = (index) => LINES[index % LINES.length];
export const severityColour = (severity) => SEVERITIES[severity] ?? SEVERITIES.unknown;

const known = (value, write) => (Number.isFinite(value) ? write(value) : word("notKnown"));
const number = (value, unit, digits = 0) => known(value, () => `${value.toFixed(digits)} ${unit}`);

/** The rows of the table: what each metric is called and how it reads. */
const METRICS = [
  ["length", ({ length_m }) => number(length_m / 1000, "km", 1)],
  ["flightTime", ({ duration_s }) => known(duration_s, duration)],
  ["peopleBelow", ({ people_below }) => known(people_below, (people) => people.toLocaleString())],
  ["overDid", ({ over_did_m }) => number(over_did_m / 1000, "km", 1)],
  ["clearance", ({ min_clearance_m }) => number(min_clearance_m, "m")],
  ["reserve", ({ energy_reserve_pct }) => number(energy_reserve_pct, "%")],
].map(([key, read]) => ({ key, read: (metrics) => read(unknownAsNaN(metrics)) }));

// JSON has null for "not known"; in sums null would count as zero.
const unknownAsNaN = (metrics) =>
  Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, value ?? NaN]));

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function badge(verdict) {
  const made = element("span", "badge", word(`verdict_${verdict}`));
  made.dataset.verdict = verdict;
  return made;
}

/** One candidate's card; `press(finding)` shows a finding, `choose()` the candidate. */
export function verdictCard(verdict, index, { chosen, choose, press }) {
  const card = element("section", "verdict");
  const head = element("button", "verdict-head");
  head.type = "button";
  head.setAttribute("aria-expanded", String(chosen));
  head.addEventListener("click", choose);
  const letter = element("span", "letter", letterOf(index));
  letter.style.backgroundColor = lineColour(index);
  head.append(letter, element("strong", "name", verdict.candidate), badge(verdict.verdict));
  card.append(head);
  if (!chosen) return card;
  const list = element("ul", "findings");
  list.append(...verdict.findings.map((finding) => findingItem(finding, press)));
  if (verdict.findings.length === 0) list.append(element("li", "calm", word("noFindings")));
  card.append(list);
  return card;
}

function findingItem(finding, press) {
  const item = element("li");
  const button = element("button", "finding");
  button.type = "button";
  button.dataset.severity = finding.severity;
  button.addEventListener("click", () => press(finding));
  const mark = element("i", "mark");
  mark.style.backgroundColor = severityColour(finding.severity);
  const place = `${(finding.from_m / 1000).toFixed(2)}–${(finding.to_m / 1000).toFixed(2)} km`;
  const zone = finding.zone ? named(finding.zone.name) || finding.zone.identifier : "";
  const words = element("span");
  words.append(
    element("strong", "", [word(`severity_${finding.severity}`), zone].filter(Boolean).join(" · ")),
    element("span", "", named(finding.message)),
    element("small", "", place),
  );
  button.append(mark, words);
  item.append(button);
  return item;
}

/** The candidates side by side. */
export function comparison(verdicts) {
  const table = element("table", "comparison");
  const head = element("tr");
  head.append(element("th", "", ""));
  verdicts.forEach((verdict, index) => {
    const cell = element("th", "", letterOf(index));
    cell.scope = "col";
    cell.title = verdict.candidate;
    head.append(cell);
  });
  const rows = METRICS.map(({ key, read }) => line(word(key), verdicts.map(({ metrics }) => read(metrics))));
  table.append(head, line(word("verdict"), verdicts.map(({ verdict }) => word(`verdict_${verdict}`))), ...rows);
  head.firstChild.append(element("span", "unseen", word("candidate")));
  return table;
}

function line(name, values) {
  const row = element("tr");
  const head = element("th", "", name);
  head.scope = "row";
  row.append(head, ...values.map((value) => element("td", "", value)));
  return row;
}
