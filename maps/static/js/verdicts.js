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
const far = (value) => (value >= 1000 ? number(value / 1000, "km", 1) : number(value, "m"));
const km = (metres) => (metres / 1000).toFixed(metres < 10_000 ? 2 : 1);

/** The rows of the table: what each metric is called, how it reads, and which way is better. */
const METRICS = [
  ["length", "length_m", "less", (m) => number(m / 1000, "km", 1)],
  ["flightTime", "duration_s", "less", duration],
  ["peopleBelow", "people_below", "less", (people) => word("people", people.toLocaleString())],
  ["overDid", "over_did_m", "less", (m) => number(m / 1000, "km", 1)],
  ["nearestDid", "nearest_did_m", "more", far],
  ["nearestHome", "nearest_home_m", "more", far],
  ["clearance", "min_clearance_m", "more", far],
  ["highest", "max_height_agl_m", null, (m) => number(m, "m")],
  ["loudest", "cruise_level_db", "less", (db, { cruise_level_doubt_db }) => word("doubt", db.toFixed(0), cruise_level_doubt_db)],
  ["reach", "fall_reach_m", "less", far],
  ["reserve", "energy_reserve_pct", "more", (share) => number(share, "%")],
];

/** An element with a class and a text; without a text, empty. */
export function element(tag, className, text) {
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

export const zoneName = ({ zone, rule }) => (zone && (named(zone.name) || zone.identifier)) || rule || "";

/** What a candidate is called: its file may have a title in both languages beside its name. */
export const titleOf = ({ properties: { name, title_ja, title_en } }) => named({ ja: title_ja, en: title_en }) || name;

/** One sentence: why it fails, why it is not known, or what it passes with. */
function because({ verdict, findings }) {
  const of = (severity) => findings.filter((finding) => finding.severity === severity);
  if (verdict === "fail") {
    const longest = of("fail").reduce((a, b) => (b.overlap_m > a.overlap_m ? b : a));
    return word("because_fail", of("fail").length, zoneName(longest) || named(longest.message), km(longest.overlap_m));
  }
  if (verdict === "unknown") return word("because_unknown", of("unknown").length, named(of("unknown")[0].message));
  return word("because_pass", of("caution").length);
}

/**
 * What can be done with a candidate's card, and how it stands: "draft", "pending", "failed" or "";
 * `letters` has the letter of every candidate by its name.
 */
export function verdictCard({ feature, result, state, problem }, index, { chosen, choose, press, letters, actions = [] }) {
  const card = element("section", "verdict");
  card.dataset.chosen = String(chosen);
  const head = element("button", "verdict-head");
  head.type = "button";
  head.setAttribute("aria-expanded", String(chosen));
  head.addEventListener("click", choose);
  const letter = element("span", "letter", letterOf(index));
  letter.style.backgroundColor = lineColour(index);
  const name = element("strong", "name", titleOf(feature));
  name.title = name.textContent; // On a card that is not chosen a long one is cut.
  head.append(letter, name, badge(result ? result.verdict.verdict : state || "unknown"));
  card.append(head);
  if (result) card.append(element("p", "because", because(result.verdict)));
  else card.append(element("p", "because", problem || word(state === "draft" ? "twoPoints" : "checking")));
  if (!chosen) return card;
  if (result) card.append(...found(result.verdict, press, letters));
  if (actions.length > 0) {
    const bar = element("div", "actions");
    bar.append(...actions);
    card.append(bar);
  }
  return card;
}

/** The findings, what must not be flown first; what only asks for care is folded away. */
function found({ findings, assumed = [] }, press, letters) {
  const list = (severities) => {
    const made = element("ul", "findings");
    made.append(...severities.flatMap((severity) => findings
      .filter((finding) => finding.severity === severity).map((finding) => findingItem(finding, press, letters))));
    return made;
  };
  const parts = [list(["fail", "unknown"])];
  const cautions = list(["caution"]);
  if (cautions.children.length > 0) {
    const fold = element("details", "cautions");
    fold.append(element("summary", "", word("cautions", cautions.children.length)), cautions);
    parts.push(fold);
  }
  const names = [...new Set(assumed.map((one) => word(one) ?? one))].join(word("comma"));
  if (names) parts.push(element("p", "assumed", word("assumed", names)));
  return parts;
}

function findingItem(finding, press, letters) {
  const item = element("li");
  const button = element("button", "finding");
  button.type = "button";
  button.dataset.severity = finding.severity;
  button.addEventListener("click", () => press(finding));
  const mark = element("i", "mark");
  mark.style.backgroundColor = severityColour(finding.severity);
  const words = element("span");
  const [message, name] = [named(finding.message), zoneName(finding)];
  const told = element("span", "", message);
  const whole = name ? wholly(message, name) : null;
  if (whole) told.replaceChildren(whole[0], element("b", "", name), whole[1]);
  words.append(
    element("strong", "", [
      word(`severity_${finding.severity}`), whole ? "" : name || near(finding, letters), word("within", km(finding.overlap_m)),
    ].filter(Boolean).join(" · ")),
    told,
    element("small", "", where(finding, message)),
  );
  button.append(mark, words);
  item.append(button);
  return item;
}

// Another candidate by its letter; a booked corridor is not among them, and has its name in the message.
const near = ({ kind, other }, letters) => (kind === "corridor" && letters.has(other) ? word("nearOther", letters.get(other)) : "");

/** What stands before and behind `name`, where it is not a part of another word; null without it. */
function wholly(message, name) {
  const at = message.indexOf(name);
  const [before, after] = [message.slice(0, at), message.slice(at + name.length)];
  return at < 0 || /[A-Za-z0-9]$/.test(before) || /^[A-Za-z0-9]/.test(after) ? null : [before, after];
}

// Where, as far as the message does not say so: "22.00–50.00 km · 0–150 m above sea level".
function where({ from_m, to_m, height_overlap: band }, message) {
  const [from, to] = [from_m, to_m].map((m) => (m / 1000).toFixed(2));
  const says = (low, high) => message.includes(`${low}〜${high}`) || message.includes(`${low} to ${high}`);
  const parts = says(from, to) ? [] : [`${from}–${to} km`];
  if (band) {
    const [low, high] = [band.from_m, band.to_m].map((m) => (Number.isFinite(m) ? m.toFixed(0) : word("without")));
    if (!says(low, high)) parts.push(word("band", low, high, word(band.datum) ?? band.datum));
  }
  return parts.join(" · ");
}

/** The candidates side by side; `entries` as for the cards. The best known value of a row is marked. */
export function comparison(entries) {
  const table = element("table", "comparison");
  const head = element("tr");
  const corner = element("td");
  head.append(corner);
  entries.forEach(({ feature }, index) => {
    const cell = element("th");
    cell.scope = "col";
    const letter = element("span", "letter", letterOf(index));
    letter.style.backgroundColor = lineColour(index);
    cell.append(letter, element("span", "unseen", titleOf(feature)));
    head.append(cell);
  });
  const answers = line(word("verdict"), entries.map(({ result, state }) => badge(result ? result.verdict.verdict : state)));
  const metrics = entries.map(({ result }) => result?.verdict.metrics ?? {});
  table.append(head, answers, ...METRICS.map(([label, key, better, read]) => {
    const values = metrics.map((each) => each[key]);
    const texts = metrics.map((each) => known(each[key], (value) => read(value, each)));
    const best = bestOf(values, better);
    return line(word(label), texts, values.map((value) => best !== null && value === best));
  }));
  return table;
}

// Where all know it and they differ: with a value missing nobody can say which is best.
function bestOf(values, better) {
  if (!better || values.length < 2 || !values.every(Number.isFinite) || new Set(values).size < 2) return null;
  return better === "less" ? Math.min(...values) : Math.max(...values);
}

function line(name, values, best = []) {
  const row = element("tr");
  const head = element("th", "", name);
  head.scope = "row";
  row.append(head, ...values.map((value, i) => {
    const cell = element("td");
    cell.append(value);
    if (best[i]) {
      cell.className = "best";
      cell.title = word("best");
    }
    return cell;
  }));
  return row;
}
