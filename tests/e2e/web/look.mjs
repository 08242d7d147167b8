// How the page looks and weighs: node look.mjs BASE [FOLDER]. Every view in light, dark and narrow through
// axe-core; transfer, first paint, console, outside requests. With FOLDER, screenshots are kept there.
import assert from "node:assert/strict";
import { join } from "node:path";
import { axe, launch, number, open, start, stop, until } from "./browser.mjs";

const [base, folder] = process.argv.slice(2);
const MOST_BYTES = 200 * 1024, MOST_PAINT_MS = 300;
const VIEWS = ["statistics", "charts", "failures", "ratio", "workers", "waterfall", "scenario", "log", "downloads"];
const WITH_AXE_NARROW = ["statistics", "failures"]; // the rest differs in width only
const browser = await launch();
const figures = {};

async function shot(page, name) {
  if (folder) await page.screenshot({ path: join(folder, `page-${name}.png`) });
}

// The wire's bytes of a first visit, as the debugger counts them, and when the first pixels came.
async function weigh() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  let bytes = 0;
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
  await page.goto(base + "/", { waitUntil: "load" });
  await page.waitForSelector("body[data-state]");
  const paint = await until("first paint", () => page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
  await context.close();
  return { bytes, paint };
}

async function weighed() {
  const tries = [];
  for (let i = 0; i < 5; i++) tries.push(await weigh());
  figures.bytes = Math.max(...tries.map((t) => t.bytes));
  figures.first_paint_ms = Math.round(Math.min(...tries.map((t) => t.paint))); // other work of the machine only adds
  assert.ok(figures.bytes < MOST_BYTES, `${figures.bytes} bytes`);
  if (!process.env.SLOW_MACHINE) assert.ok(figures.first_paint_ms < MOST_PAINT_MS, `first paint after ${figures.first_paint_ms} ms`);
}

// No text may leave the window to the right: only frames of their own scroll sideways.
async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${where}: ${over} px too wide`);
}

async function views(scheme, width, height) {
  const page = await open(browser, base, { scheme, width, height });
  for (const view of VIEWS) {
    await page.evaluate((hash) => (location.hash = hash), view);
    await page.waitForSelector(`#tab-${view}[aria-selected=true]`);
    if (view === "statistics") await until("rows", async () => (await page.locator(".big tfoot td").count()) > 3);
    if (view === "waterfall") await page.waitForSelector(".fall tbody tr");
    if (view === "failures") await page.locator(".list button.link").first().click();
    if (view === "charts") await page.waitForSelector(".u-legend");
    const rules = scheme === "dark" ? ["color-contrast"] : []; // all else is as in light
    if (width > 500 || WITH_AXE_NARROW.includes(view)) await axe(page, `${view} ${scheme} ${width}`, ...rules);
    await fits(page, `${view} ${scheme} ${width}`);
    await shot(page, `${view}-${width < 500 ? "narrow-" : ""}${scheme}`);
    assert.deepEqual(page.wrong, [], view);
  }
  await page.context().close();
}

async function form(scheme, width, height) {
  const page = await open(browser, base, { scheme, width, height });
  await page.waitForSelector("form.form");
  await axe(page, `form ${scheme} ${width}`);
  await fits(page, `form ${scheme} ${width}`);
  await shot(page, `start-${width < 500 ? "narrow-" : ""}${scheme}`);
  assert.deepEqual(page.wrong, []);
  return page;
}

// By keys alone: to the tabs, along them, into the dialog and out of it.
async function keys(page) {
  await page.locator("#tab-statistics").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("#tab-charts[aria-selected=true]");
  await page.keyboard.press("End");
  await page.waitForSelector("#tab-downloads[aria-selected=true]");
  await page.keyboard.press("Home");
  await page.keyboard.press("e");
  await page.waitForSelector("dialog[open]");
  await axe(page, "dialog");
  await page.keyboard.press("Escape");
  await until("the dialog is gone", async () => (await page.locator("dialog").count()) === 0);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "filter");
}

try {
  await weighed();
  await form("dark", 1280, 800);
  await form("light", 360, 740);
  const page = await form("light", 1280, 800);
  await start(page, { users: 8 });
  await until("some seconds", async () => number(await page.locator(".elapsed").textContent()) >= (folder ? 20 : 3));
  await keys(page);
  await views("light", 1280, 800);
  await views("dark", 1280, 800);
  await views("light", 360, 740);
  await stop(page);
  await axe(page, "finished");
  await shot(page, "finished-light");
  console.log(JSON.stringify(figures));
} finally {
  await browser.close();
}
