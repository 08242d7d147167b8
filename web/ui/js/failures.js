// Failures by kind, extraction errors among them, each with masked samples of the answer.
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { clock, count } from "./fmt.js";
import { on, store } from "./store.js";

const SAYS = {
  status: "Status", check: "Check", extract: "Value not found", resolve: "Name not found", refused: "Refused",
  connect: "No connection", tls: "TLS", timeout: "Timeout", reset: "Connection closed", protocol: "Protocol",
};

export function mountFailures(panel) {
  const at = h("div");
  panel.append(at);
  const open = new Set();
  let last = "", busy = false;

  async function load() {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const { failures } = await get("/api/failures");
      const key = JSON.stringify(failures.map((f) => [f.step, f.text, f.count]));
      if (key !== last) draw(failures);
      last = key;
    } catch {
      // the head of the page tells that the connection is lost
    }
    busy = false;
  }

  function draw(failures) {
    if (!failures.length) {
      fill(at, h("div", { class: "empty" }, h("h2", null, "No failures"),
        h("p", null, "Failed checks, error statuses, timeouts and values that were not found in an answer come here, grouped.")));
      return;
    }
    failures.sort((a, b) => b.count - a.count);
    fill(at, h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Failures by kind" },
      h("table", { class: "list" }, h("caption", { class: "unseen" }, "Failures by kind"),
        h("thead", null, h("tr", null, ["# Failures", "Kind", "Method", "Name", "Message", "First", "Last"].map((x, i) =>
          h("th", { scope: "col", class: i === 0 || i > 4 ? "n" : "" }, x)))),
        failures.slice(0, 500).map(group))));
  }

  function group(f) {
    const id = f.step + "|" + f.text;
    const details = f.answers.length > 0;
    const samples = h("tr", { class: "samples", hidden: !open.has(id) }, h("td", { colspan: "7" }, f.answers.map(sample)));
    const toggle = h("button", { type: "button", class: "link", "aria-expanded": String(open.has(id)), onclick: () => {
      if (!open.delete(id)) open.add(id);
      samples.hidden = !open.has(id);
      toggle.setAttribute("aria-expanded", String(open.has(id)));
    } }, f.text);
    return h("tbody", null,
      h("tr", null, h("td", { class: "n bad" }, count(f.count)), h("td", null, SAYS[f.outcome] || f.outcome), h("td", null, f.method), h("td", { class: "t" }, f.name),
        h("td", { class: "t" }, details ? toggle : f.text), h("td", { class: "n" }, clock(f.first_s)), h("td", { class: "n" }, clock(f.last_s))),
      details ? samples : null);
  }

  load();
  const off = on("tick", () => store.tick.failure_kinds > 0 || last ? load() : null);
  return off;
}

function sample(answer) {
  return h("details", { open: true }, h("summary", null, answer.head.split("\n")[0].trim() || "Answer"),
    h("pre", { tabindex: "0" }, answer.head.trim() + (answer.body ? "\n\n" + answer.body.slice(0, 4000) : "")));
}
