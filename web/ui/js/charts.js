// Charts of the whole run with one cursor and one zoom. uPlot draws; the data are the store's columns.
import { fill, h } from "./dom.js";
import { axis, bytes, clock, count, ms, percent, rate } from "./fmt.js";
import { column, on, store } from "./store.js";

let uPlot; // as large as the rest of the page: it comes with the first chart

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// One line per chart: title, series [column, label, colour, options], how values are written.
const CHARTS = [
  { title: "Requests per second", show: rate,
    series: [["rps", "Requests", "--c-rps", { fill: true }], ["failures", "Failures", "--c-bad", { fill: true }]] },
  { title: "Response time (ms)", show: ms, thresholds: true, bands: [[2, 1], [3, 2]],
    series: [["p50", "Median", "--c-p50"], ["p95", "95 %", "--c-p95"], ["p99", "99 %", "--c-p99"],
      ["service_p95", "Service 95 %", "--c-service", { dash: [4, 3] }]] },
  { title: "Users", show: count, series: [["users", "Users", "--c-users", { fill: true, step: true }]] },
  { title: "Bytes per second", show: bytes, series: [["bytes_in", "Received", "--c-rps"], ["bytes_out", "Sent", "--c-users"]] },
  { title: "Generator: CPU of the busiest worker", show: percent, range: [0, 1], series: [["cpu", "CPU", "--c-p95", { fill: true }]] },
  { title: "Generator: lag of its event loop (ms)", show: ms, series: [["lag", "Lag", "--c-p99", { fill: true }]] },
];

// "p(95) < 200ms" as { p: 95, ms: 200 }; other rules are not lines of a response-time chart.
export function thresholdLine(rule) {
  const m = /^(?:p\((\d+(?:\.\d+)?)\)|(avg|med|max))\s*<=?\s*(\d+(?:\.\d+)?)\s*(ms|s|m)?$/.exec(rule.trim());
  if (!m) return null;
  return { label: rule.trim(), ms: Number(m[3]) * { ms: 1, s: 1000, m: 60000 }[m[4] || "ms"] };
}

const faint = (colour, part) => `color-mix(in srgb, ${colour} ${part}%, transparent)`;

function seriesOf(chart) {
  return chart.series.map(([, label, colour, o = {}]) => ({
    label, stroke: css(colour), width: 1.5, dash: o.dash, points: { show: false },
    fill: o.fill ? faint(css(colour), 14) : undefined,
    paths: o.step ? uPlot.paths.stepped({ align: -1 }) : undefined,
    value: (u, v) => (v == null ? "–" : chart.show(v)),
  }));
}

function axes(chart) {
  const line = css("--line");
  const look = { stroke: css("--muted"), font: "11px system-ui", grid: { stroke: line, width: 1 }, ticks: { stroke: line, size: 4 } };
  return [
    { ...look, values: (u, splits) => splits.map(clock), size: 24, space: 70 },
    { ...look, values: (u, splits) => splits.map((v) => axis(chart.show(v))), size: 58, space: 28 },
  ];
}

// Threshold lines, drawn over the plot with their rule; of one far above the data only the rule, at the top.
function drawThresholds(u) {
  const rules = store.tick ? store.tick.thresholds : [];
  const ctx = u.ctx, r = devicePixelRatio || 1, { left, top, width, height } = u.bbox;
  let far = 0;
  ctx.save();
  ctx.setLineDash([6 * r, 4 * r]);
  ctx.lineWidth = r;
  ctx.font = `${11 * r}px system-ui`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  for (const t of rules) {
    const line = thresholdLine(t.rule);
    const y = line && u.valToPos(line.ms, "y", true);
    if (y == null || y > top + height) continue;
    ctx.strokeStyle = ctx.fillStyle = css(t.ok ? "--ok" : "--bad");
    if (y < top) {
      ctx.fillText(`${line.label} ↑`, left + 6 * r, top + (12 + 13 * far++) * r);
      continue;
    }
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.fillText(line.label, left + 6 * r, y - 4 * r);
  }
  ctx.restore();
}

// The scale reaches to a threshold that is not far above the data, so that it is seen.
function yRange(chart) {
  if (chart.range) return (u, low, high) => [0, Math.max(chart.range[1], high || 0)];
  return (u, low, high) => {
    let top = high || 1;
    if (chart.thresholds && store.tick) {
      for (const t of store.tick.thresholds) {
        const line = thresholdLine(t.rule);
        if (line && line.ms < top * 3) top = Math.max(top, line.ms);
      }
    }
    return [0, top * 1.08];
  };
}

function options(chart, width, zoom) {
  return {
    width, height: 180, padding: [8, 10, 0, 0],
    legend: { live: true }, cursor: { sync: { key: "run" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: yRange(chart) } },
    axes: axes(chart),
    series: [{ label: "At", value: (u, v) => (v == null ? "–" : clock(v)) }, ...seriesOf(chart)],
    bands: (chart.bands || []).map((b) => ({ series: b, fill: faint(css(chart.series[b[0] - 1][2]), 10) })),
    hooks: {
      setSelect: [(u) => u.select.width > 3 && zoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
      setCursor: [(u) => u.cursor.idx == null && u.data[0].length && u.setLegend({ idx: u.data[0].length - 1 })],
      draw: chart.thresholds ? [drawThresholds] : [],
    },
  };
}

export function mountCharts(panel) {
  const grid = h("div", { class: "charts" });
  const reset = h("button", { type: "button", hidden: true, onclick: () => zoom(null) }, "Show the whole run");
  const hint = "Drag to zoom in all charts, double-click to see the whole run again.";
  panel.append(h("div", { class: "tools" }, h("span", { class: "hint" }, hint), reset), grid);
  let plots = [], range = null, gone = false;

  function zoom(from, to) {
    range = from == null ? null : [from, to];
    reset.hidden = !range;
    for (const p of plots) {
      p.u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      scale(p.u);
    }
  }
  function scale(u) {
    const t = column("t");
    const [from, to] = range || [0, Math.max(10, t[t.length - 1] || 0)];
    u.setScale("x", { min: from, max: to });
  }
  // Without a cursor the legend has the last second.
  function latest(u) {
    const n = column("t").length;
    if (n && u.cursor.idx == null) u.setLegend({ idx: n - 1 });
  }
  function begin(module) {
    uPlot = module.default;
    if (gone) return;
    build();
    sized.observe(grid);
    dark.addEventListener("change", build);
  }
  const data = (chart) => [column("t"), ...chart.series.map(([name]) => column(name))];

  function build() {
    plots.forEach((p) => p.u.destroy());
    fill(grid);
    plots = CHARTS.map((chart) => {
      const box = h("figure", { class: "chart" }, h("figcaption", null, chart.title));
      const at = h("div", { ondblclick: () => zoom(null) });
      box.append(at);
      grid.append(box);
      const u = new uPlot(options(chart, Math.max(260, box.clientWidth - 24), zoom), data(chart), at);
      scale(u);
      latest(u);
      u.ctx.canvas.setAttribute("role", "img");
      u.ctx.canvas.setAttribute("aria-label", chart.title + " over time");
      return { u, chart, box };
    });
  }
  function update() {
    if (document.hidden) return;
    for (const p of plots) {
      p.u.batch(() => {
        p.u.setData(data(p.chart), false);
        scale(p.u);
        latest(p.u);
      });
    }
  }

  const sized = new ResizeObserver(() => plots.forEach((p) => p.u.setSize({ width: Math.max(260, p.box.clientWidth - 24), height: 180 })));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  import("/uplot.js").then(begin, () => fill(grid, h("p", { class: "empty" }, "The charts could not be loaded.")));
  const off = on("history", update);
  return () => {
    gone = true;
    off();
    sized.disconnect();
    dark.removeEventListener("change", build);
    plots.forEach((p) => p.u.destroy());
  };
}
