// A recording or a scenario, by choosing or by dropping it anywhere on the zone.
import { upload } from "./api.js";
import { h, text } from "./dom.js";
import { store, tell } from "./store.js";

export function dropZone(message) {
  const name = h("strong"), note = h("span", { class: "hint", id: "file-hint" });
  const chooser = h("input", { type: "file", id: "file", "aria-describedby": "file-hint",
    onchange: () => chooser.files[0] && send(chooser.files[0]) });
  const element = h("div", { class: "drop", ondragover: over, ondragleave: () => element.classList.remove("over"), ondrop: drop },
    h("div", { class: "which" }, h("span", { class: "label" }, "Scenario"), name),
    h("label", { class: "button", for: "file" }, "Upload…"), chooser, note);

  function over(event) {
    event.preventDefault();
    element.classList.add("over");
  }
  function drop(event) {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  }
  async function send(what) {
    message.textContent = "";
    element.classList.add("busy");
    text(note, `Reading ${what.name}…`);
    try {
      store.plan = await upload(what);
      tell("plan");
    } catch (error) {
      message.textContent = error.message;
      draw();
    }
    element.classList.remove("busy");
    chooser.value = "";
  }
  function draw() {
    const p = store.plan;
    text(name, p && p.ready ? p.name : "none yet");
    text(note, p && p.ready && p.file ? p.file : "Drop a HAR, a pcap or a scenario (YAML) here, or choose one.");
  }
  return { element, draw };
}
