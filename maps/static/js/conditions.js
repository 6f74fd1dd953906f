// The conditions that hold for all candidates, between their form and the question to the server.

import { fits } from "soramichi/message.js";
import { fieldTime } from "soramichi/waypoints.js";

const NUMBERS = ["speed_mps", "width_m"];

/** [what the form states, the fields whose value cannot be taken]: those stay as `before` has them. */
export function read(form, before) {
  const beyond = [...form.elements].filter((control) => !fits(control));
  const conditions = {};
  for (const [key, value] of new FormData(form)) if (value !== "") conditions[key] = NUMBERS.includes(key) ? Number(value) : value;
  if (conditions.together) conditions.together = true;
  // The field has Japan's time, the server wants it with its zone.
  if (conditions.depart) conditions.depart = `${conditions.depart}:00+09:00`;
  for (const { name } of beyond) {
    delete conditions[name];
    if (name in before) conditions[name] = before[name];
  }
  return [conditions, beyond];
}

/** Write conditions from before, or from somebody else, into the form; answers those that it can hold. */
export function write(form, conditions = {}) {
  form.reset();
  for (const [key, value] of Object.entries(conditions)) {
    const control = form.elements.namedItem(key);
    if (control?.type === "checkbox") control.checked = value === true;
    else if (control) control.value = key === "depart" ? fieldTime(value) : String(value);
    if (control && !fits(control)) control.value = "";
  }
  return read(form, {})[0];
}
