// Numbers and times for people: heights never without their datum, dates in Japan's time.

import { language, word } from "soramichi/words.js";

const JAPAN = "Asia/Tokyo";
const LOCALE = { ja: "ja-JP", en: "en-GB" };
const cache = new Map();

function formatter(options) {
  const key = language() + JSON.stringify(options);
  if (!cache.has(key)) {
    cache.set(key, new Intl.DateTimeFormat(LOCALE[language()], { timeZone: JAPAN, ...options }));
  }
  return cache.get(key);
}

/** ["312 m", "海抜"]: whole metres and their datum, to be told together; or [that it is unknown]. */
export function heightAndDatum(state) {
  if (!Number.isFinite(state.altitude_m)) return [word("heightUnknown")];
  return [`${Math.round(state.altitude_m)} m`, word(state.altitude_datum) ?? word("datumUnknown")];
}

/** "海抜 312 m": the same in one line. */
export function height(state) {
  const [, datum] = heightAndDatum(state);
  return datum ? word("altitude", Math.round(state.altitude_m), datum) : word("heightUnknown");
}

/** Whole km/h, what people know from the road; the data is in m/s. */
export function speed(state) {
  if (!Number.isFinite(state.ground_speed_mps)) return word("speedUnknown");
  return `${Math.round(state.ground_speed_mps * 3.6)} km/h`;
}

/** One of eight directions, or "" where the track is unknown. */
export function direction(state) {
  if (!Number.isFinite(state.track_deg)) return "";
  return word("compass")[Math.round(state.track_deg / 45) % 8];
}

/** 14:05:09, Japan's time. */
export const clock = (at) =>
  formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);

/** 2021年1月13日, Japan's date. */
export const date = (at) => formatter({ year: "numeric", month: "long", day: "numeric" }).format(at);

/** A duration in its largest whole unit. */
export function age(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return word("seconds", s);
  if (s < 3600) return word("minutes", Math.floor(s / 60));
  if (s < 86400) return word("hours", Math.floor(s / 3600));
  return word("days", Math.floor(s / 86400));
}

const two = (n) => String(n).padStart(2, "0");

/** 1:02:03 or 2:03, hours only where there are some. */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
