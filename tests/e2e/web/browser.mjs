// A real Chromium for the page's tests: nothing but 127.0.0.1 may be asked, nothing may be said on the console.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
export const PATIENCE = 60000;

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, args: FLAGS });

// A page with what it must not do recorded: page.wrong is empty if all is well.
export async function open(browser, base, { hash = "", width = 1280, height = 800, scheme = "light" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.wrong = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && page.wrong.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => page.wrong.push(`error: ${e.message}`));
  page.on("request", (r) => r.url().startsWith(base) || r.url().startsWith("data:") || r.url().startsWith("blob:") || page.wrong.push(`outside: ${r.url()}`));
  await page.goto(base + "/" + hash, { waitUntil: "load" });
  await page.waitForSelector("body[data-state]");
  return page;
}

// rules: only these, all if none are named.
export async function axe(page, where, ...rules) {
  const loaded = await page.evaluate(() => !!globalThis.axe);
  if (!loaded) await page.evaluate(AXE); // by the debugger's way in, which the page's policy does not forbid
  const options = { resultTypes: ["violations"], ...(rules.length ? { runOnly: rules } : {}) };
  const found = await page.evaluate((o) => globalThis.axe.run(document, o), options);
  const told = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ").slice(0, 400)}`);
  assert.deepEqual(told, [], `axe ${where}`);
}

// Until check() gives something true; the page is asked, nothing is slept for.
export async function until(what, check) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const number = (text) => Number(String(text).replace(/[^\d.]/g, ""));
export const kpi = async (page, name) => page.locator(`[data-kpi="${name}"] dd`).first().textContent();

export async function start(page, { users = 10, spawn = 0, host, time } = {}) {
  await page.fill("#users", String(users));
  await page.fill("#spawn", String(spawn));
  if (host) {
    await page.fill("#host", host);
    await page.locator("#host").blur();
  }
  if (time) await page.fill("#time", time);
  await page.click("form.form button[type=submit]");
  await page.waitForSelector('.pill[data-state="running"]');
}

export async function stop(page) {
  await page.click(".actions button.danger");
  await page.waitForSelector('.pill[data-state="stopped"]');
}
