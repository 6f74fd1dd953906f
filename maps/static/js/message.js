// The one line in which the desk says what it is doing, has done, or cannot do.

import { word } from "soramichi/words.js";

/** Whether what is typed is within the limits of its field; steps are for its arrows only. */
export const fits = ({ validity: { badInput, rangeOverflow, rangeUnderflow } }) =>
  !(badInput || rangeOverflow || rangeUnderflow);

const calledBy = (control) => control.getAttribute("aria-label") ?? control.labels[0].firstElementChild.textContent;

export class Message {
  constructor(box) {
    Object.assign(this, { box, writes: [] });
  }

  /** Say what these write, in the language of now and of later; nothing takes the message away. */
  say(...writes) {
    this.writes = writes;
    this.box.classList.remove("urgent");
    this.box.replaceChildren(...writes.map((write) => write()));
    this.box.hidden = writes.length === 0;
  }

  /** The same again, when the language is another. */
  again() {
    const urgent = this.box.classList.contains("urgent");
    this.say(...this.writes);
    this.box.classList.toggle("urgent", urgent);
  }

  /** Say what must be seen wherever the planner is scrolled to. */
  warn(write) {
    this.say(write);
    this.box.classList.add("urgent");
  }

  failed(error) {
    this.warn(() => `${word("notChecked")} ${error.message}`);
  }

  /** What is in this field was not taken, and why. */
  beyond(control) {
    const { min, max } = control;
    this.warn(() => word(min || max ? "outOfRange" : "incomplete", calledBy(control), min, max));
  }
}
