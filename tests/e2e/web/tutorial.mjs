// docs/tutorial.md in a real browser: node tutorial.mjs record SERVER FILE.har | load PAGE SERVER FILE.har FOLDER
// With SHOTS in the environment the pictures of docs/images are made.
import { join } from "node:path";
import { kpi, launch, number, open, start, stop, until } from "./browser.mjs";

const [part, ...args] = process.argv.slice(2);
const shots = process.env.SHOTS;
const browser = await launch();

async function shot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, `tutorial-${name}.png`) });
}

const parts = {
  // One visit as the tutorial has it: sign in, keep the token, ask for the greeting and the profile with it.
  async record(server, file) {
    const context = await browser.newContext({ recordHar: { path: file, content: "embed" }, viewport: { width: 560, height: 380 } });
    const page = await context.newPage();
    await page.goto(server + "/hello.html");
    await page.fill("[name=username]", "ann");
    await page.fill("[name=password]", "education");
    await page.click("button");
    await page.waitForFunction(() => document.body.textContent.includes("Hello, ann!"));
    await shot(page, "hello");
    await context.close();
  },

  // Upload, look at the tokens, start, watch, stop, save the CSV.
  async load(base, server, file, folder) {
    const page = await open(browser, base);
    await shot(page, "empty");
    await page.setInputFiles("#file", file);
    await page.waitForSelector(".flow li");
    await page.fill("#users", "20");
    await page.fill("#spawn", "5");
    await page.fill("#rules", "p(95) < 200ms\nfailed < 1%");
    await page.fill("#time", "1m");
    await shot(page, "start");
    await start(page, { users: 20, spawn: 5, host: server, time: "1m" });
    const seconds = shots ? 14 : 4;
    await until("all users", async () => number(await kpi(page, "users")) === 20);
    const logins = page.locator(".big tbody tr", { hasText: "/login" }).locator("td").nth(2);
    await until("every user signed in", async () => number(await logins.textContent()) >= 20);
    await until("some seconds", async () => number((await page.locator(".elapsed").textContent()).split(":")[1]) >= seconds);
    await shot(page, "statistics");
    for (const view of ["charts", "waterfall", "scenario"]) {
      await page.goto(`${base}/#${view}`);
      await page.waitForSelector({ charts: ".u-legend", waterfall: ".fall tbody tr", scenario: ".yaml .tok" }[view]);
      await shot(page, view);
    }
    await stop(page);
    await page.goto(base + "/#downloads");
    await until("the files", async () => (await page.locator(".files a").count()) === 8);
    await shot(page, "downloads");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Request statistics")]);
    await download.saveAs(join(folder, "stats.csv"));
  },
};

try {
  await parts[part](...args);
} finally {
  await browser.close();
}
