// What every map with controls has: the switch of language, the buttons, the legend, a scale, and a
// name and keys for those who do not see the map.

import { legend } from "soramichi/legend.js";
import { languageSwitch, onLanguage, word } from "soramichi/words.js";

const SMALL = matchMedia("(width < 800px), (height < 560px)");
const find = (id) => document.getElementById(id);

const SCALE_PX = 70; // At most

// In the line that stands at the map's foot anyway, so that it lies on nothing.
function scaleBar(map) {
  const bar = L.control.scale({ imperial: false, maxWidth: SCALE_PX }).addTo(map).getContainer();
  bar.setAttribute("aria-hidden", "true"); // A length on the screen says nothing to who does not see it.
  bar.dataset.covers = "";
  document.querySelector(".attribution").prepend(bar);
}

/** Wire the controls of a page; `everything` is what its third button does. */
export function controls(map, everything) {
  if (SMALL.matches) document.querySelector(".legend").open = false;
  languageSwitch(find("language"));
  legend(find("heights"), find("classes"));
  scaleBar(map);
  const container = map.getContainer();
  container.setAttribute("role", "application");
  onLanguage(() => container.setAttribute("aria-label", `${word("map")}. ${word("mapHelp")}`));
  find("zoom-in").addEventListener("click", () => map.zoomIn(1));
  find("zoom-out").addEventListener("click", () => map.zoomOut(1));
  find("everything").addEventListener("click", everything);
}
