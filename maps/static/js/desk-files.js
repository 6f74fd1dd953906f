// Files on the desk, and the questions to the server that they and all else need.

import { Refused, Unreached } from "soramichi/desk.js";
import { stated } from "soramichi/draft.js";
import { insidePage } from "soramichi/keep.js";
import { config } from "soramichi/resources.js";
import { action } from "soramichi/waypoints.js";
import { inBoth, word } from "soramichi/words.js";

const DATUMS = ["AGL", "AMSL", "ELLIPSOID", "TAKEOFF"];

const unreached = () => {
  throw new Unreached();
};

// A proxy, or the server before it looks at the question, says no more than a number.
const unexplained = (status) => inBoth(() => (status === 413 ? word("tooLarge") : word("refused", status)));

/** The server's answer to `what`. Throws `Unreached` without one, and `Refused` with its reason. */
export async function asked(what, question) {
  const response = await fetch(config.paths.check.replace(/check$/, what), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question),
  }).catch(unreached);
  // Whoever is too busy is asked again, like one who is away.
  if (response.status > 500 || response.status === 429) unreached();
  if (!response.ok) {
    const { message, detail } = await response.json().catch(() => ({}));
    throw new Refused(message ?? (detail ? { en: detail } : unexplained(response.status)));
  }
  return (what === "html" ? response.text() : response.json()).catch(unreached);
}

export class Files {
  /** `shown` is called when candidates were laid on the desk. */
  constructor(desk, message, shown) {
    Object.assign(this, { desk, message, shown });
  }

  /** Take files in: each is read by the server, or is a page that was saved here before. */
  async receive(files) {
    if (files.length === 0) return;
    this.message.say(() => word("checking"));
    const texts = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })))
      .catch((error) => this.message.failed(error)); // It was moved away meanwhile, perhaps.
    if (!texts) return;
    // A page that was not saved here is no file of any other kind.
    const strange = texts.filter(({ name, text }) => /\.html?$/i.test(name) && !insidePage(text));
    await this.open(texts.filter((one) => !strange.includes(one)));
    if (strange.length > 0) this.message.add(() => word("notSavedHere", strange.map(({ name }) => name).join(word("comma"))));
  }

  /** `datums` says for files, by name, what their heights are measured from: it goes before what they say. */
  async open(texts, datums = new Map()) {
    const pages = texts.map(({ text }) => insidePage(text)).filter(Boolean);
    const files = texts.filter(({ text }) => !insidePage(text));
    const { answers, refusals } = await this.ask(files, datums);
    const before = this.desk.features;
    for (const inside of pages) this.desk.add(inside.map(({ feature, assumed }) => stated(feature, assumed)));
    if (answers.length > 0) this.desk.take(together(answers));
    const added = this.desk.features.filter((feature) => !before.includes(feature));
    if (added.length > 0) this.shown();
    this.message.say(...refusals.map((error) => () => `${word("notChecked")} ${error.message}`), ...this.missing(files, answers, added));
  }

  /** All at once; where one is refused each by itself, so that the others are not lost with it. */
  async ask(files, datums) {
    const { height_datum } = this.desk.conditions;
    const question = (candidates, datum = height_datum) => asked("check", { candidates, ...(datum && { height_datum: datum }) });
    const found = { answers: [], refusals: [] };
    const put = (answer) => answer.then((one) => found.answers.push(one), (error) => found.refusals.push(error));
    if (files.length > 0 && datums.size === 0) await put(question(files));
    const alone = datums.size > 0 || (files.length > 1 && found.refusals[0] instanceof Refused);
    if (!alone) return found;
    found.refusals = [];
    for (const file of files) await put(question([file], datums.get(file.name)));
    return found;
  }

  /** What to say, and to press, where files do not tell what their heights are measured from. */
  missing(files, answers, added) {
    const notes = answers.flatMap((answer) => answer.notes ?? []).filter(({ member }) => member === "height_datum");
    const names = [...new Set(notes.map(({ file }) => file))];
    if (names.length === 0) return [];
    const again = (datum) => {
      const all = files.map(({ name }) => name);
      this.desk.notes = this.desk.notes.filter(({ file }) => !all.includes(file));
      this.desk.change(this.desk.features.filter((feature) => !added.includes(feature)));
      return this.open(files, new Map(names.map((name) => [name, datum])));
    };
    const buttons = DATUMS.map((datum) => () => action(word(datum), () => again(datum)));
    return [() => word("datumMissing", names.join(word("comma"))), ...buttons];
  }
}

/** Answers to several questions as one. */
function together([first, ...others]) {
  const all = (key) => [first, ...others].flatMap((answer) => answer[key] ?? []);
  const features = [first, ...others].flatMap(({ candidates }) => candidates.features);
  const lists = Object.fromEntries(["verdicts", "profiles", "layers", "notes"].map((key) => [key, all(key)]));
  return { ...first, ...lists, candidates: { ...first.candidates, features } };
}
