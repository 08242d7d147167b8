// The server: JSON in and out, and one stream of events that finds its way back after a break.
import { on } from "./store.js";

async function answer(response) {
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = null;
  }
  if (response.ok) return body;
  throw new Error((body && body.error) || `The server answered ${response.status}.`);
}

const PATIENCE_MS = 15000;

export const get = async (path) => answer(await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) }));

export async function post(path, value) {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value || {}) };
  return answer(await fetch(path, init));
}

export async function upload(file) {
  const path = "/api/scenario?name=" + encodeURIComponent(file.name);
  return answer(await fetch(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file }));
}

// A view's load(): at once and with each tick while it is shown, never two at a time. Gives what ends it.
export function everySecond(load) {
  let busy = false;
  async function again() {
    if (busy || document.hidden) return;
    busy = true;
    try {
      await load();
    } catch {
      // the head of the page tells that the connection is lost
    }
    busy = false;
  }
  again();
  return on("tick", again);
}

const SILENCE_MS = 25000; // the server says something at least every 10 s
const RETRY_MS = [500, 1000, 2000, 4000];

// handlers: { open, lost, tick, state, plan, log, beat }. A page in the background needs no stream.
export function listen(handlers) {
  let source = null, failures = 0, timer = 0, retry = 0;

  function alive() {
    clearTimeout(timer);
    timer = setTimeout(broken, SILENCE_MS);
  }
  function close() {
    clearTimeout(timer);
    clearTimeout(retry);
    if (source) source.close();
    source = null;
  }
  function broken() {
    close();
    handlers.lost();
    retry = setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }
  function open() {
    close();
    source = new EventSource("/api/events");
    alive();
    source.onopen = () => {
      failures = 0;
      alive();
      handlers.open();
    };
    source.onerror = broken;
    for (const name of ["tick", "state", "plan", "log", "beat"]) {
      source.addEventListener(name, (event) => {
        alive();
        if (handlers[name]) handlers[name](JSON.parse(event.data));
      });
    }
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : source || open()));
  open();
}
