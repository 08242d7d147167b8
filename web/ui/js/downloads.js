// Files to keep. What needs the finished archive says so until the run is over.
import { fill, h } from "./dom.js";
import { on, store } from "./store.js";

const FILES = [
  ["/stats/requests/csv", "Request statistics", "CSV", "Locust's _stats.csv: a row per request, percentiles to 99.99 %"],
  ["/stats/requests_full_history/csv", "History", "CSV", "Locust's _stats_history.csv: a row per second"],
  ["/stats/failures/csv", "Failures", "CSV", "Locust's _failures.csv"],
  ["/exceptions/csv", "Exceptions", "CSV", "Locust's _exceptions.csv; a scenario has no code that could throw, so it has only its head"],
  ["/stats/report", "Report", "HTML", "One page with charts and tables, without any other file"],
  ["/api/summary", "Summary", "JSON", "All totals, percentiles and service levels"],
  ["/api/jtl", "Samples", "JTL", "A row per request, for JMeter's dashboard and Jenkins", "over"],
  ["/api/archive", "Archive", "jsonl.gz", "The evidence: every request, hashed and chained; reprise verify checks it", "over"],
];

export function mountDownloads(panel) {
  const list = h("ul", { class: "files" });
  panel.append(list);
  let last = "";
  function draw() {
    const t = store.tick;
    const over = !!(t && t.finished && t.archived);
    const key = `${!!t}${over}`;
    if (key === last) return;
    last = key;
    fill(list, FILES.map(([href, name, kind, about, needs]) => {
      const ready = t && (needs !== "over" || over);
      const why = !t ? "after the first second" : t.finished ? "this run keeps no archive" : "when the run is over";
      return h("li", null, ready ? h("a", { href, download: "", class: "button" }, name) : h("span", { class: "button off" }, name),
        h("span", { class: "kind" }, kind), h("span", { class: "hint" }, ready ? about : `${about} – ${why}`));
    }));
  }
  draw();
  return on("tick", draw);
}
