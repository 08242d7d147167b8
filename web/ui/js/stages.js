// The planned load as a small picture: users (or starts a second) over time.
import { svg } from "./dom.js";
import { count, duration, rate } from "./fmt.js";

const W = 420, H = 110, LEFT = 44, BOTTOM = 20, TOP = 10, RIGHT = 10;

// [{t, v}] from what the form says; end is null when the run has no planned end.
export function loadCurve(load) {
  if (load.stages && load.stages.length) {
    const points = [{ t: 0, v: load.model === "open" ? load.rate || 0 : load.users || 0 }];
    let t = 0;
    for (const s of load.stages) points.push({ t: (t += s.duration_s), v: s.target });
    return { points, end: t };
  }
  const target = load.model === "open" ? load.rate : load.users;
  const ramp = load.model === "open" || !load.spawn_rate ? 0 : target / load.spawn_rate;
  const end = load.run_time_s || null;
  const stop = end || Math.max(ramp * 1.6, 60);
  const points = [{ t: 0, v: ramp ? 0 : target }];
  if (ramp) points.push(ramp > stop ? { t: stop, v: (target * stop) / ramp } : { t: ramp, v: target });
  if (ramp < stop) points.push({ t: stop, v: target });
  return { points, end };
}

export function stagesChart(load) {
  const { points, end } = loadCurve(load);
  const last = points[points.length - 1].t || 1;
  const top = Math.max(1, ...points.map((p) => p.v));
  const x = (t) => LEFT + (t / last) * (W - LEFT - RIGHT);
  const y = (v) => H - BOTTOM - (v / top) * (H - BOTTOM - TOP);
  const line = points.map((p, i) => `${i ? "L" : "M"}${x(p.t).toFixed(1)} ${y(p.v).toFixed(1)}`).join("");
  const area = `${line}L${x(last).toFixed(1)} ${y(0)}L${x(0)} ${y(0)}Z`;
  const unit = load.model === "open" ? "iterations/s" : "users";
  const label = (tx, ty, s, anchor) => svg("text", { x: tx, y: ty, "text-anchor": anchor, class: "tick" }, s);
  const says = `Planned load: up to ${rate(top)} ${unit}, ${end ? "for " + duration(end) : "until stopped"}`;
  return svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "stages", role: "img", "aria-label": says },
    svg("line", { x1: LEFT, x2: W - RIGHT, y1: y(0), y2: y(0), class: "axis" }),
    svg("line", { x1: LEFT, x2: W - RIGHT, y1: y(top), y2: y(top), class: "grid" }),
    svg("path", { d: area, class: "area" }),
    svg("path", { d: line, class: end ? "curve" : "curve endless" }),
    label(LEFT - 6, y(top) + 4, count(top), "end"), label(LEFT - 6, y(0) + 4, "0", "end"),
    label(LEFT, H - 4, "0", "start"),
    label(W - RIGHT, H - 4, end ? duration(end) : "until stopped", "end"),
    label((LEFT + W - RIGHT) / 2, H - 4, unit, "middle"));
}
