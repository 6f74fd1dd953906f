// Every word a person reads on a map page, in Japanese and English, and the one switch between them.

const WORDS = {
  ja: {
    title: "空みち",
    tagline: "三重の空をいま飛んでいるもの",
    live: "ライブ",
    connecting: "接続中",
    reconnecting: "再接続中",
    saved: "保存した地図",
    delay: (seconds) => `${seconds}秒遅れで表示`,
    language: "English",
    languageLabel: "Switch to English",
    map: "飛行地図",
    mapHelp: "矢印キーで移動、プラスとマイナスで拡大縮小。機体は一覧から選べます。",
    zoomIn: "拡大", zoomOut: "縮小", everything: "全機を表示",
    flyingNow: "いま飛んでいます", flewThen: "この時刻の機体",
    count: (n) => `${n}機`,
    nothing: "いま飛んでいる機体はありません",
    nothingHelp: "飛行が始まると、ここに自動で表示されます。",
    loading: "機体の情報を読み込んでいます",
    height: "高さ", speed: "速さ", observed: "観測",
    legend: "凡例", legendNote: "色は各機の高さ。基準は機体ごとに示します。",
    legendRange: (from, to) => (to === null ? `${from} m〜` : `${from}〜${to} m`),
    drone: "ドローン", evtol: "空飛ぶクルマ", helicopter: "ヘリコプター", unknown: "種類未登録",
    AMSL: "海抜", AGL: "地表から", ELLIPSOID: "楕円体高", TAKEOFF: "離陸地点から", BARO: "気圧高度",
    altitude: (metres, datum) => `${datum} ${metres} m`,
    heightUnknown: "高さ不明", speedUnknown: "速さ不明", datumUnknown: "基準不明",
    recorded: "記録", recordedOn: (date) => `記録 ${date}`,
    late: (age) => `${age}前から受信なし`, lost: (age) => `${age}前に見失いました`,
    seconds: (n) => `${n}秒`, minutes: (n) => `${n}分`,
    hours: (n) => `${n}時間`, days: (n) => `${n}日`,
    Ground: "地上", Airborne: "飛行中", Emergency: "緊急", RemoteIDSystemFailure: "リモートID故障",
    climbing: "上昇中", descending: "降下中",
    compass: ["北", "北東", "東", "南東", "南", "南西", "西", "北西"],
    follow: "追いかける", following: "追いかけ中", bigMap: "大きな地図",
    keepFlight: "ファイルに保存", home: "かんたん表示", jst: "日本時間", staleLegend: "輪が点線で薄い機体は、電波が途絶えています",
    cutOff: (time, age) => `サーバーにつながりません。${time}(${age}前)の様子です。つながると自動で戻ります。`,
    neverHeard: "サーバーにつながりません。つながると自動で表示されます。",
    sound: "真下の音", soundOf: (low, high) => `${low}〜${high} dB`, soundUnknown: "不明", soundAtLeast: (low) => `${low} dB以上`, groundUnknown: "地面の高さが不明",
    soundLike: (db) => likeness(db, ["聞こえないほど", "ささやき声ほど", "図書館の中ほど", "静かな事務所ほど", "ふつうの会話ほど", "掃除機ほど", "電車の中ほど", "間近の工事ほど"]),
    soundWhy: "音は機種区分の代表機の値からの計算で、幅は分からなさです。風や建物は入りません。",
    overSea: (metres) => `海面まで ${metres} m`, overGround: (metres) => `地面まで ${metres} m`, overUnknown: "地面までは不明",
    from: "出発", to: "行き先", fromUnknown: "出発地不明", toUnknown: "行き先は公表なし", expected: "見込み",
    minutesLeft: (n) => (n < 1 ? "まもなく到着" : `あと約${n}分`), vertiport: "離着陸場", expectedWhy: "行き先の見込みは、公開された飛行経路からです。",
    events: "できごと", eventsFirst: "飛行のできごと", severity_info_event: "お知らせ", severity_caution_event: "注意", severity_warning_event: "警告",
    recordedMark: "録画", source: (from) => `出典 ${from}`,
    event_takeoff: "離陸しました", event_landing: "着陸しました", event_geozone_entered: "空域に入りました", event_geozone_exited: "空域を出ました",
    event_corridor_deviation: "経路から外れました", event_corridor_never_entered: "経路に入っていません", event_link_lost: "電波が途絶えました",
    event_link_recovered: "電波が戻りました", event_battery_low: "電池が減っています", event_emergency: "緊急事態です",
    sheet: "一覧を広げる・たたむ",
    summary: (n, names) => (n === 0 ? "飛行中の機体はありません。" : `${n}機が飛行中。${names}`),
    attribution: "海岸線 GSHHG (LGPL) · 県境 Natural Earth",
    noTrack: "飛行の記録を読み込めませんでした。少し待ってから開き直してください。",
    noFlight: "この飛行の記録はありません。番号を確かめてください。",
    zones: "空域と飛行経路を表示",
    zone_PROHIBITED: "飛行禁止", zone_REQ_AUTHORIZATION: "許可が必要", zone_CONDITIONAL: "条件つき",
    zone_USPACE: "U-space空域", zone_NO_RESTRICTION: "制限なし", zone_corridor: "計画された経路",
    everyHeight: "すべての高さ", fromBelow: "下限なし", withoutCeiling: "上限なし",
    onPhone: "スマホで見る", flyingCount: (n) => (n === 0 ? "いま飛んでいる機体はありません。記録した飛行をお見せしています。" : `いま${n}機が飛んでいます。`),
    journey: (from, to) => `${named(from) || word("fromUnknown")} → ${named(to) || word("toUnknown")}`,
    play: "再生", pause: "一時停止", rate: "再生の速さ", timeline: "時刻を選ぶ",
    altitudeAxis: (datum) => `高さ(${datum})`,
    replay: "この飛行を再生する", recent: "最近の飛行(記録)", lasted: (time) => `${time} 飛行`,
  },
  en: {
    title: "Soramichi",
    tagline: "What is flying over Mie right now",
    live: "Live",
    connecting: "Connecting",
    reconnecting: "Reconnecting",
    saved: "Saved map",
    delay: (seconds) => `shown ${seconds} s late`,
    language: "日本語",
    languageLabel: "日本語に切り替える",
    map: "Flight map",
    mapHelp: "Arrow keys move, plus and minus zoom. Aircraft can be chosen from the list.",
    zoomIn: "Zoom in", zoomOut: "Zoom out", everything: "Show all aircraft",
    flyingNow: "Flying now", flewThen: "Aircraft at that time",
    count: (n) => `${n}`,
    nothing: "Nothing is flying right now",
    nothingHelp: "A flight appears here by itself as soon as it starts.",
    loading: "Loading the aircraft",
    height: "Height", speed: "Speed", observed: "Observed",
    legend: "Legend", legendNote: "Colour is each aircraft's height; its datum is stated with it.",
    legendRange: (from, to) => (to === null ? `${from} m and up` : `${from}–${to} m`),
    drone: "Drone", evtol: "Flying car", helicopter: "Helicopter", unknown: "Kind not registered",
    AMSL: "above sea level", AGL: "above ground", ELLIPSOID: "above the ellipsoid",
    TAKEOFF: "above take-off", BARO: "pressure altitude",
    altitude: (metres, datum) => `${metres} m ${datum}`,
    heightUnknown: "Height unknown", speedUnknown: "Speed unknown", datumUnknown: "datum unknown",
    recorded: "Recorded", recordedOn: (date) => `Recorded ${date}`,
    late: (age) => `Nothing received for ${age}`, lost: (age) => `Lost ${age} ago`,
    seconds: (n) => `${n} s`, minutes: (n) => `${n} min`,
    hours: (n) => `${n} h`, days: (n) => (n === 1 ? "1 day" : `${n} days`),
    Ground: "On the ground", Airborne: "Airborne", Emergency: "Emergency",
    RemoteIDSystemFailure: "Remote ID failure",
    climbing: "climbing", descending: "descending",
    compass: ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"],
    follow: "Follow", following: "Following", bigMap: "Big map",
    keepFlight: "Save as a file", home: "Simple view", jst: "JST", staleLegend: "Faded, with a dotted ring: no signal from that aircraft",
    cutOff: (time, age) => `The server cannot be reached. This is how it was at ${time}, ${age} ago. It comes back by itself.`,
    neverHeard: "The server cannot be reached. The map fills by itself once it is.",
    sound: "Sound below", soundOf: (low, high) => `${low}–${high} dB`, soundUnknown: "not known", soundAtLeast: (low) => `${low} dB or more`, groundUnknown: "ground height not known",
    soundLike: (db) => likeness(db, ["hardly audible", "like a whisper", "like a library", "like a quiet office", "like a conversation", "like a vacuum cleaner", "like inside a train", "like roadworks close by"]),
    soundWhy: "Sound is computed from one typical aircraft of the class; the range is what is not known. Wind and buildings are left out.",
    overSea: (metres) => `${metres} m over the sea`, overGround: (metres) => `${metres} m over the ground`, overUnknown: "over the ground: not known",
    from: "From", to: "To", fromUnknown: "origin not known", toUnknown: "destination not published", expected: "expected",
    minutesLeft: (n) => (n < 1 ? "arriving" : `about ${n} min to go`), vertiport: "Vertiport", expectedWhy: "An expected destination follows from a published corridor.",
    events: "Events", eventsFirst: "What happened", severity_info_event: "Note", severity_caution_event: "Caution", severity_warning_event: "Warning",
    recordedMark: "RECORDED", source: (from) => `Source: ${from}`,
    event_takeoff: "took off", event_landing: "landed", event_geozone_entered: "entered a zone", event_geozone_exited: "left a zone",
    event_corridor_deviation: "left its corridor", event_corridor_never_entered: "is not in its corridor", event_link_lost: "link lost",
    event_link_recovered: "link recovered", event_battery_low: "battery low", event_emergency: "emergency",
    sheet: "Open or fold the list",
    summary: (n, names) => (n === 0 ? "No aircraft are flying." : `${n} aircraft flying: ${names}`),
    attribution: "Coastline GSHHG (LGPL) · borders Natural Earth",
    noTrack: "The recorded flight could not be loaded. Wait a little and open the page again.",
    noFlight: "There is no such recorded flight. Check its number.",
    zones: "Show zones and corridors",
    zone_PROHIBITED: "Prohibited", zone_REQ_AUTHORIZATION: "Needs authorisation", zone_CONDITIONAL: "Conditional",
    zone_USPACE: "U-space", zone_NO_RESTRICTION: "No restriction", zone_corridor: "Planned corridor",
    everyHeight: "Every height", fromBelow: "No lower limit", withoutCeiling: "no upper limit",
    onPhone: "On your phone", flyingCount: (n) => (n === 0 ? "Nothing is flying now: you are seeing recorded flights." : `${n} aircraft are flying now.`),
    journey: (from, to) => `${named(from) || word("fromUnknown")} → ${named(to) || word("toUnknown")}`,
    play: "Play", pause: "Pause", rate: "Speed of replay", timeline: "Choose a time",
    altitudeAxis: (datum) => `Height (${datum})`,
    replay: "Replay this flight", recent: "Recent flights (recorded)", lasted: (time) => `flew for ${time}`,
  },
};

// What a level in dB(A) is like; steps of ten from 25.
const likeness = (db, words) => words[Math.min(words.length - 1, Math.max(0, Math.floor((db - 15) / 10)))];

const REMEMBERED = "soramichi.language";
const listeners = new Set();
let current = first();

function first() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in WORDS) return asked;
  const kept = remembered();
  if (kept in WORDS) return kept;
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

// Storage is refused in private windows and for files: the switch still works, unremembered.
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

export const language = () => current;

/** Add the words of one page: {ja: {…}, en: {…}}. */
export function teach(more) {
  for (const [tongue, words] of Object.entries(more)) Object.assign(WORDS[tongue], words);
}

/** The word for `key`; with arguments, where the word takes some. */
export function word(key, ...values) {
  const found = WORDS[current][key];
  return typeof found === "function" ? found(...values) : found;
}

/** A {ja, en} name in the reader's language, the other one where only that is known. */
export function named(name) {
  if (!name) return "";
  return name[current] || name.ja || name.en || "";
}

/** What `write` gives in this language. */
export function inLanguage(language, write) {
  const kept = current;
  current = language;
  try {
    return write();
  } finally {
    current = kept;
  }
}

/** What `write` gives, {ja, en}. */
export const inBoth = (write) => ({ ja: inLanguage("ja", write), en: inLanguage("en", write) });

/** What `write` gives in the language that is not the reader's. */
export const inOtherLanguage = (write) => inLanguage(current === "ja" ? "en" : "ja", write);

/** Write the words that the shell names with data-word and data-label. */
export function fill(root = document) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of root.querySelectorAll("[data-other]")) {
    element.textContent = inOtherLanguage(() => word(element.dataset.other));
    element.lang = current === "ja" ? "en" : "ja";
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = word(element.dataset.label);
  }
}

/** Call `listener` now and at each change of language. */
export function onLanguage(listener) {
  listeners.add(listener);
  listener(current);
}

export function setLanguage(next) {
  current = next;
  try {
    localStorage.setItem(REMEMBERED, next);
  } catch {
    // Unremembered is fine, see above.
  }
  forgetAsked();
  fill();
  for (const listener of listeners) listener(next);
}

// What the address asks for would win again after a reload.
function forgetAsked() {
  const address = new URL(location.href);
  if (!address.searchParams.has("lang") || location.protocol === "file:") return;
  address.searchParams.delete("lang");
  history.replaceState(history.state, "", address);
}

/** Wire the switch: one button, named in the language it leads to. */
export function languageSwitch(button) {
  fill();
  button.addEventListener("click", () => setLanguage(current === "ja" ? "en" : "ja"));
  onLanguage((now) => {
    button.lang = now === "ja" ? "en" : "ja";
    button.textContent = word("language");
    button.setAttribute("aria-label", word("languageLabel"));
  });
}
