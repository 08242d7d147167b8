// Starts the page: first state, then the stream of events, then whatever the person does.
import { get, listen } from "./api.js";
import { addPoint, column, isOn, on, setHistory, store, tell } from "./store.js";
import { mountBar } from "./bar.js";
import { mountStart } from "./start.js";
import { mountRun } from "./run.js";
import { fill, h } from "./dom.js";

const main = document.getElementById("main");
let shown = null, unmount = null;

// Two faces: the form before a run, the run itself (also when it is over).
function show() {
  if (!store.loaded) return;
  const face = store.state === "ready" || !store.info ? "start" : "run";
  if (face !== shown) {
    if (unmount) unmount();
    shown = face;
    unmount = face === "start" ? mountStart(main) : mountRun(main);
  }
  document.body.dataset.state = store.state;
  document.title = title();
}

function title() {
  if (!store.info || store.state === "ready") return "reprise";
  const mark = isOn() ? "● " : "";
  return `${mark}${store.info.scenario} – reprise`;
}

async function loadPlan() {
  const plan = await get("/api/plan");
  if (JSON.stringify(plan) === JSON.stringify(store.plan)) return; // our own upload: the form may be in use
  store.plan = plan;
  tell("plan");
}

async function loadState() {
  const s = await get("/api/state");
  const same = store.loaded && s.run === store.run && s.tick && s.tick.points === column("t").length;
  Object.assign(store, { state: s.state, run: s.run, info: s.info, tick: s.tick, log: s.log });
  if (!same) setHistory(await get("/api/history"));
  store.loaded = true;
  tell("state");
  tell("tick");
  tell("log");
}

let filling = false;
async function fillGap() {
  if (filling) return;
  filling = true;
  try {
    setHistory(await get("/api/history"));
  } finally {
    filling = false;
  }
}

function onTick(tick) {
  store.tick = tick;
  if (addPoint(tick)) fillGap().catch(() => {});
  else tell("history");
  tell("tick");
}

function connection(up) {
  if (store.connected === up) return;
  store.connected = up;
  tell("connection");
}

// Going on is told by the event itself; a new run, a finished one and none have more to read.
function onState(s) {
  const goesOn = s.run === store.run && store.info && ["spawning", "running", "stopping"].includes(s.state);
  if (!goesOn) return loadState().catch(() => {});
  store.state = s.state;
  tell("state");
}

function onLog(line) {
  store.log = [...store.log.slice(-199), line];
  tell("log");
}

function failed(error) {
  fill(main, h("div", { class: "notice bad" }, h("h1", null, "The page could not be loaded"), h("p", null, error.message),
    h("button", { onclick: () => location.reload() }, "Try again")));
}

on("state", show);
mountBar(document.getElementById("bar"), document.getElementById("alerts"));
Promise.all([loadState(), loadPlan()]).then(() => {
  show();
  listen({
    open: () => {
      loadState().catch(() => {}); // what happened before the stream was there
      if (!store.connected) loadPlan().catch(() => {});
      connection(true);
    },
    lost: () => connection(false),
    tick: onTick,
    state: onState,
    plan: loadPlan,
    log: onLog,
  });
}).catch(failed);
