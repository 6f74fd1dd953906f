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
    home: "かんたん表示", jst: "日本時間", staleLegend: "薄い機体は受信が途絶えています",
    summary: (n, names) => (n === 0 ? "飛行中の機体はありません。" : `${n}機が飛行中。${names}`),
    attribution: "海岸線 GSHHG (LGPL) · 県境 Natural Earth",
    noTrack: "飛行の記録を読み込めませんでした。少し待ってから開き直してください。",
    noFlight: "この飛行の記録はありません。番号を確かめてください。",
    zones: "空域と飛行経路を表示",
    zone_PROHIBITED: "飛行禁止", zone_REQ_AUTHORIZATION: "許可が必要", zone_CONDITIONAL: "条件つき",
    zone_USPACE: "U-space空域", zone_NO_RESTRICTION: "制限なし", zone_corridor: "計画された経路",
    everyHeight: "すべての高さ", fromBelow: "下限なし", withoutCeiling: "上限なし",
    onPhone: "スマホで見る", flyingCount: (n) => (n === 0 ? "いま飛んでいる機体はありません。記録した飛行をお見せしています。" : `いま${n}機が飛んでいます。`),
    journey: (from, to) => `${named(from)} → ${named(to)}`,
    fact: (i) => WORDS[current].facts[i],
    facts: [
      "線の色は高さです。紫は低く、金色は高く飛んだところ。",
      "高さには基準があります。海抜、地表から、離陸地点から。基準がちがえば、同じ100 mでもちがう高さです。",
      "空飛ぶクルマは、電気で垂直に離着陸する新しい航空機(eVTOL)です。",
      "地表や水面から150 m以上でドローンを飛ばすには、国の許可がいります(2026年の制度)。",
      "2021年1月13日、中部国際空港と志摩スペイン村のあいだ約60 kmを、空飛ぶクルマに見立てたヘリコプターが飛びました。",
      "2020年1月30日、鳥羽の離島をドローンが自動で巡りました。",
      "2019年12月17日、南伊勢町の葛島を大型ドローンが高さ約150 mで一周しました。",
    ],
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
    home: "Simple view", jst: "JST", staleLegend: "Faded aircraft are no longer received",
    summary: (n, names) => (n === 0 ? "No aircraft are flying." : `${n} aircraft flying: ${names}`),
    attribution: "Coastline GSHHG (LGPL) · borders Natural Earth",
    noTrack: "The recorded flight could not be loaded. Wait a little and open the page again.",
    noFlight: "There is no such recorded flight. Check its number.",
    zones: "Show zones and corridors",
    zone_PROHIBITED: "Prohibited", zone_REQ_AUTHORIZATION: "Needs authorization", zone_CONDITIONAL: "Conditional",
    zone_USPACE: "U-space", zone_NO_RESTRICTION: "No restriction", zone_corridor: "Planned corridor",
    everyHeight: "Every height", fromBelow: "No lower limit", withoutCeiling: "no upper limit",
    onPhone: "On your phone", flyingCount: (n) => (n === 0 ? "Nothing is flying now: you are seeing recorded flights." : `${n} aircraft are flying now.`),
    journey: (from, to) => `${named(from)} → ${named(to)}`,
    fact: (i) => WORDS[current].facts[i],
    facts: [
      "The colour of a line is height: violet is low, gold is high.",
      "A height needs a datum: sea level, ground or take-off point. The same 100 m can be three different heights.",
      "A flying car is a new kind of aircraft that takes off and lands vertically on electric power (eVTOL).",
      "To fly a drone 150 m or more above ground or water needs a permission (rules of 2026).",
      "On 13 January 2021 a helicopter flew about 60 km between Centrair and Shima Spain Village in a flying car's place.",
      "On 30 January 2020 a drone toured the islands of Toba by itself.",
      "On 17 December 2019 a large drone circled Kuzushima off Minami-Ise at about 150 m.",
    ],
    play: "Play", pause: "Pause", rate: "Speed of replay", timeline: "Choose a time",
    altitudeAxis: (datum) => `Height (${datum})`,
    replay: "Replay this flight", recent: "Recent flights (recorded)", lasted: (time) => `flew for ${time}`,
  },
};

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

/** What `write` gives in the language that is not the reader's. */
export function inOtherLanguage(write) {
  const kept = current;
  current = kept === "ja" ? "en" : "ja";
  try {
    return write();
  } finally {
    current = kept;
  }
}

/** Write the words that the shell names with data-word and data-label. */
export function fill(root = document) {
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
  document.documentElement.lang = next;
  fill();
  for (const listener of listeners) listener(next);
}

/** Wire the switch: one button, named in the language it leads to. */
export function languageSwitch(button) {
  document.documentElement.lang = current;
  fill();
  button.addEventListener("click", () => setLanguage(current === "ja" ? "en" : "ja"));
  onLanguage((now) => {
    button.lang = now === "ja" ? "en" : "ja";
    button.textContent = word("language");
    button.setAttribute("aria-label", word("languageLabel"));
  });
}
