// The page of those who run the platform. The token stays in this tab; everything shown is text.

import { age, clock } from "soramichi/format.js";
import { languageSwitch, named, onLanguage, teach, word } from "soramichi/words.js";

teach({
  ja: {
    operations: "運用", gate: "担当者の方へ", token: "トークン", enter: "はじめる", leave: "終了",
    gateHelp: "管理者から渡されたトークンを入れてください。このタブを閉じるまで覚えています。",
    who: "お名前(確認の記録に残ります)", refused: "このトークンでは入れません。確かめてもう一度入れてください。",
    unreachable: "サーバーに届きません。つながり次第、自動で続けます。",
    events: "できごと", onlyOpen: "未確認だけ", older: "前のできごと", acknowledge: "確認する",
    open: (n) => `未確認 ${n}`, acknowledgeThis: (text) => `確認する: ${text}`,
    acknowledged: (by, at) => `${at} ${by}`, noEvents: "まだ何も起きていません。",
    info: "情報", caution: "注意", warning: "警告", links: "通信", noLinks: "受信した機体はありません。",
    linkLost: (time) => `途絶 ${time}`, linkHeard: (time) => `${time}前に受信`, offline: "切断の知らせ",
    flights: "飛行ごとの受信", flight: "飛行", expected: "予定", stored: "保存", missing: "不足",
    longestGap: "最長の欠け", p50: "遅れ p50", p99: "遅れ p99", rejected: "隔離", milliseconds: (n) => `${n} ms`,
    notKnown: "不明", quarantine: "隔離中のデータ", noQuarantine: "隔離中のデータはありません。",
    books: (b) => `受信 ${b.received} = 保存 ${b.stored} + 重複 ${b.duplicate} + 隔離 ${b.quarantined}`,
  },
  en: {
    operations: "Operations", gate: "For staff", token: "Token", enter: "Start", leave: "Leave",
    gateHelp: "Enter the token that the administrator gave you. It is kept until this tab is closed.",
    who: "Your name (kept with what you acknowledge)", refused: "This token does not open the page. Check it and enter it again.",
    unreachable: "The server cannot be reached. The page goes on by itself once it can.",
    events: "Events", onlyOpen: "Open ones only", older: "Earlier events", acknowledge: "Acknowledge",
    open: (n) => `${n} open`, acknowledgeThis: (text) => `Acknowledge: ${text}`,
    acknowledged: (by, at) => `${by}, ${at}`, noEvents: "Nothing has happened yet.",
    info: "Info", caution: "Caution", warning: "Warning", links: "Links", noLinks: "No aircraft has been heard of.",
    linkLost: (time) => `lost ${time} ago`, linkHeard: (time) => `heard ${time} ago`, offline: "said off line",
    flights: "What arrived of each flight", flight: "Flight", expected: "Expected", stored: "Stored", missing: "Missing",
    longestGap: "Longest gap", p50: "Delay p50", p99: "Delay p99", rejected: "Quarantined", milliseconds: (n) => `${n} ms`,
    notKnown: "unknown", quarantine: "In quarantine", noQuarantine: "Nothing is in quarantine.",
    books: (b) => `received ${b.received} = stored ${b.stored} + duplicate ${b.duplicate} + quarantined ${b.quarantined}`,
  },
});

const EVERY_MS = 3000;
const MOST_EVENTS = 1000; // That came while the page was open; earlier ones are asked for again.
const at = (id) => document.getElementById(id);
const { paths } = JSON.parse(at("config").textContent);
const keeps = { token: "soramichi.staff.token", who: "soramichi.staff.name" };
const nothing = { events: [], came: 0, next: null, flights: [], links: [], waiting: {}, books: null };
const shown = { ...nothing };
const latencies = new Map();
let timer = null;

const kept = (name) => sessionStorage.getItem(keeps[name]) ?? "";

class Refused extends Error {}

async function ask(path, body) {
  const headers = { Authorization: `Bearer ${kept("token")}` };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { headers, cache: "no-store", ...(body && { method: "POST", body: JSON.stringify(body) }) });
  if (answer.status === 403) throw new Refused();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

const pathOf = (name, id) => paths[name].replace("{id}", encodeURIComponent(id));

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("data-") || key.startsWith("aria-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** Replace what is shown, unless somebody is about to press a button in it. */
function put(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  parent.replaceChildren(...children);
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function eventRow(event) {
  const text = named(event.message);
  const done = event.acknowledged_at !== null;
  const row = element("li", { className: "event", "data-severity": event.severity, "data-done": done },
    element("span", { className: "badge", textContent: word(event.severity) }),
    element("p", { textContent: text }),
    element("small", { textContent: `${clock(new Date(event.time))} · ${event.aircraft} · ${event.flight}` }));
  if (done) {
    const by = word("acknowledged", event.acknowledged_by, clock(new Date(event.acknowledged_at)));
    row.append(element("span", { className: "done", textContent: by }));
  } else {
    const button = element("button", { className: "plain", type: "button", textContent: word("acknowledge"),
      "aria-label": word("acknowledgeThis", text), "data-key": `event-${event.id}` });
    button.addEventListener("click", () => acknowledge(event, button));
    row.append(button);
  }
  return row;
}

async function acknowledge(event, button) {
  button.disabled = true;
  try {
    const told = await ask(pathOf("acknowledge", event.id), { by: kept("who") });
    shown.events = shown.events.map((one) => (one.id === told.id ? told : one));
  } catch (error) {
    failed(error);
  }
  showEvents();
}

function showEvents() {
  const open = shown.events.filter((event) => event.acknowledged_at === null);
  // There may be more among those that were not asked for yet.
  const more = shown.next === null ? "" : "+";
  at("open").textContent = open.length || more ? word("open", `${open.length}${more}`) : "";
  const listed = at("only").checked ? open : shown.events;
  put(at("events"), listed.length ? listed.map(eventRow)
    : [element("li", { className: "quiet", textContent: word("noEvents") })]);
  at("older").hidden = shown.next === null;
}

function cell(value, bad = false) {
  return element("td", { textContent: value ?? word("notKnown"), "data-bad": bad });
}

function flightRow(flight) {
  const late = latencies.get(flight.id)?.times;
  const delay = (seconds) => (Number.isFinite(seconds) ? word("milliseconds", Math.round(seconds * 1000)) : "…");
  return element("tr", {},
    element("th", { scope: "row" },
      element("a", { href: pathOf("replay", flight.id), textContent: flight.id, "data-key": `flight-${flight.id}` })),
    cell(flight.expected), cell(flight.stored), cell(flight.missing, flight.missing > 0), cell(flight.longest_gap),
    cell(delay(late?.latency_p50_s)), cell(delay(late?.latency_p99_s)),
    cell(flight.quarantined, flight.quarantined > 0));
}

function linkRow(link) {
  const silent = age((Date.now() - new Date(link.last_received_at)) / 1000);
  const state = link.lost ? "lost" : link.online === false ? "quiet" : "live";
  const said = link.lost ? word("linkLost", silent)
    : link.online === false ? word("offline") : word("linkHeard", silent);
  return element("li", { "data-link": state },
    element("span", { className: "lamp", "aria-hidden": "true" }),
    element("span", { textContent: link.aircraft_id }), element("small", { textContent: said }));
}

function show() {
  showEvents();
  put(at("flights"), shown.flights.map(flightRow));
  put(at("links"), shown.links.length ? shown.links.map(linkRow)
    : [element("li", { textContent: word("noLinks") })]);
  at("books").textContent = shown.books ? word("books", shown.books) : "";
  const reasons = Object.entries(shown.waiting);
  put(at("quarantine"), reasons.length ? reasons.map(([reason, count]) => element("li", {},
    element("span", { textContent: reason }), element("b", { textContent: String(count) })))
    : [element("li", { className: "none quiet", textContent: word("noQuarantine") })]);
}

/** Delays are read from every sample of a flight: one flight at a time, and only when it grew. */
async function measure() {
  const listed = new Set(shown.flights.map(({ id }) => id));
  for (const id of latencies.keys()) if (!listed.has(id)) latencies.delete(id);
  for (const { id, stored } of shown.flights) {
    if (latencies.get(id)?.stored === stored) continue;
    latencies.set(id, { stored, times: await ask(pathOf("flight", id)) });
    put(at("flights"), shown.flights.map(flightRow));
    return;
  }
}

function merge(events) {
  const known = new Map(shown.events.map((event) => [event.id, event]));
  for (const event of events) known.set(event.id, event);
  shown.events = [...known.values()].sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : b.id - a.id));
}

/**
 * The newest events of all. The list goes on behind them, with what nobody has acknowledged kept,
 * where they do not reach back to what is known, so that none between could be asked for, and when
 * it has grown long.
 */
function takeNewest({ events, next }) {
  const known = new Set(shown.events.map(({ id }) => id));
  shown.came += events.filter(({ id }) => !known.has(id)).length;
  const reaches = next === null || known.has(events.at(-1)?.id);
  if (!reaches || shown.came > MOST_EVENTS) {
    Object.assign(shown, { events: shown.events.filter((event) => event.acknowledged_at === null), came: 0, next });
  }
  merge(events);
}

let visit = 0; // Another one for whoever comes in after somebody has left.

async function refresh() {
  const mine = visit;
  const [events, flights, links, held] = await Promise.all(
    ["events", "flights", "links", "quarantine"].map((name) => ask(paths[name])));
  if (mine !== visit) return; // Somebody has left meanwhile: nothing more is shown.
  takeNewest(events);
  Object.assign(shown, { flights: flights.flights, links: links.links, ...held });
  show();
  await measure();
}

async function turn() {
  timer = null;
  const mine = visit;
  try {
    if (!document.hidden) await refresh();
    if (mine !== visit) return;
    state("live");
  } catch (error) {
    if (mine !== visit) return;
    failed(error);
    if (error instanceof Refused) return;
  }
  timer = setTimeout(turn, EVERY_MS);
}

function state(now) {
  at("link").dataset.link = now;
  at("state").textContent = word(now);
}

function failed(error) {
  if (error instanceof Refused) {
    leave();
    say("refused");
  } else {
    state("reconnecting");
  }
}

function say(name) {
  at("refused").dataset.word = name;
  at("refused").textContent = word(name);
  at("refused").hidden = false;
}

async function enter() {
  const mine = visit;
  try {
    await refresh();
    if (mine !== visit) return;
  } catch (error) {
    if (mine !== visit) return;
    leave();
    say(error instanceof Refused ? "refused" : "unreachable");
    return;
  }
  at("gate").hidden = true;
  at("desk").hidden = at("leave").hidden = at("link").hidden = false;
  state("live");
  timer = setTimeout(turn, EVERY_MS);
}

function leave() {
  visit += 1;
  clearTimeout(timer);
  for (const name of Object.values(keeps)) sessionStorage.removeItem(name);
  Object.assign(shown, nothing);
  latencies.clear();
  show(); // Of nothing: what is hidden could still be read.
  at("gate").hidden = false;
  at("desk").hidden = at("leave").hidden = at("link").hidden = true;
  at("token").value = "";
  at("token").focus();
}

at("enter").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  at("refused").hidden = true;
  for (const name of Object.keys(keeps)) sessionStorage.setItem(keeps[name], at(name).value.trim());
  enter();
});
at("leave").addEventListener("click", leave);
at("only").addEventListener("change", showEvents);
at("older").addEventListener("click", async () => {
  try {
    const from = shown.next;
    const page = await ask(from);
    if (shown.next !== from) return; // The list goes on elsewhere by now, or somebody has left.
    shown.next = page.next;
    merge(page.events);
    showEvents();
  } catch (error) {
    failed(error);
  }
});
languageSwitch(at("language"));
onLanguage(() => {
  if (!at("desk").hidden) show();
  if (at("refused").dataset.word) at("refused").textContent = word(at("refused").dataset.word);
});
if (kept("token")) enter();
else at("token").focus();
globalThis.soramichi = { ready: true };
