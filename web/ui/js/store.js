// What the page knows, and who wants to hear of it. Views subscribe by topic while they are shown.

export const store = {
  state: "ready", // ready spawning running stopping stopped
  run: 0,         // which run since the program started
  info: null,     // what the run is about
  tick: null,     // the last second
  plan: null,
  log: [],
  connected: true,
  loaded: false,
  history: { columns: [], values: [] },
};

const listeners = new Map();

export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(fn);
  return () => listeners.get(topic).delete(fn);
}

export function tell(topic) {
  for (const fn of listeners.get(topic) || []) fn();
}

export const isOn = () => ["spawning", "running", "stopping"].includes(store.state);

export function column(name) {
  const i = store.history.columns.indexOf(name);
  return i < 0 ? [] : store.history.values[i];
}

export function setHistory(h) {
  store.history = { columns: h.columns, values: h.values };
  tell("history");
}

// A tick's point goes to the end; true if points are missing in between and must be asked for.
export function addPoint(tick) {
  const values = store.history.values;
  if (!values.length || !tick.point) return true;
  const have = values[0].length;
  if (tick.points < have) return true; // statistics were reset
  if (tick.points === have) return false;
  if (tick.points > have + 1) return true;
  tick.point.forEach((v, i) => values[i].push(v));
  return false;
}
