// The one line in which the desk says what it is doing, has done, or cannot do.

import { word } from "soramichi/words.js";

/** Whether what is typed is within the limits of its field; steps are for its arrows only. */
export const fits = ({ validity: { badInput, rangeOverflow, rangeUnderflow } }) =>
  !(badInput || rangeOverflow || rangeUnderflow);

const calledBy = (control) => control.getAttribute("aria-label") ?? control.labels[0].firstElementChild.textContent;

// Each text by itself: two of them are two sentences.
function piece(content) {
  if (typeof content !== "string") return content;
  const text = document.createElement("span");
  text.textContent = content;
  return text;
}

export class Message {
  constructor(box) {
    Object.assign(this, { box, writes: [] });
  }

  /**
   * Say what these write, in the language of now and of later, in sight wherever the planner is
   * scrolled to; nothing takes the message away.
   */
  say(...writes) {
    this.writes = writes;
    this.box.classList.add("afloat");
    this.box.replaceChildren(...writes.map((write) => piece(write())));
    this.box.hidden = writes.length === 0;
  }

  /** Say this as well. */
  add(...writes) {
    this.say(...this.writes, ...writes);
  }

  /** The same again, when the language is another. */
  again() {
    const afloat = this.box.classList.contains("afloat");
    this.say(...this.writes);
    this.box.classList.toggle("afloat", afloat);
  }

  /** The same, but left behind where it stands. */
  remind(...writes) {
    this.say(...writes);
    this.box.classList.remove("afloat");
  }

  /** `what` is the word for what could not be done. */
  failed(error, what = "notChecked") {
    this.say(() => `${word(what)} ${error.message}`);
  }

  /** What is in this field was not taken, and why. */
  beyond(control) {
    const { min, max, type, validity } = control;
    // Of a number that is none its limits say enough.
    const badInput = validity.badInput && type !== "number";
    const what = badInput || !(min || max) ? "incomplete" : "outOfRange";
    this.say(() => word(what, calledBy(control), ...[min, max].map((limit) => limit.replace("T", " "))));
  }
}
