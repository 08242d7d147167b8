// What a person does at the page, one scene per name: node walk.mjs SCENE BASE TARGET FOLDER [FILE]
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { axe, kpi, launch, number, open, start, stop, until } from "./browser.mjs";

const [scene, base, target, folder, file] = process.argv.slice(2);
const browser = await launch();

const requests = async (page) => number((await page.locator('[data-kpi="rps"] .note').textContent()) || "0");
const fine = (page) => assert.deepEqual(page.wrong, []);

// The chart's pixels, to tell whether they change.
const points = (page) => page.evaluate(() => document.querySelector(".chart canvas").toDataURL());

// One cursor and one zoom for all charts.
async function zoomed(page) {
  const box = await page.locator(".chart .u-over").first().boundingBox();
  const at = (part) => [box.x + box.width * part, box.y + box.height / 2];
  await page.mouse.move(...at(0.1));
  const seen = () => page.locator(".chart .u-legend tr:first-child .u-value").allTextContents();
  await until("the same second in all charts", async () => (await seen()).length === 6 && new Set(await seen()).size === 1);
  await page.mouse.down();
  await page.mouse.move(...at(0.6), { steps: 4 });
  await page.mouse.up();
  const whole = page.locator("text=Show the whole run");
  await until("zoomed", () => whole.isVisible());
  const narrow = await points(page);
  await whole.click();
  await until("the whole run", async () => !(await whole.isVisible()) && (await points(page)) !== narrow);
}

// CPU of the page's main thread for a frame of scrolling, in ms: script, style, layout and paint.
async function scrolling(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const used = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value * 1000]));
  const before = await used(), frames = 60;
  await page.locator(".frame").evaluate(async (el, n) => {
    for (let i = 1; i <= n; i++) {
      el.scrollTop = i * 1500; // other rows each time
      await new Promise(requestAnimationFrame);
    }
  }, frames);
  const after = await used(), per = (name) => Number(((after[name] - before[name]) / frames).toFixed(2));
  return { frame_cpu_ms: per("TaskDuration"), script: per("ScriptDuration"), style: per("RecalcStyleDuration"), layout: per("LayoutDuration") };
}

const scenes = {
  // Start from the form, edit while it goes, see numbers and charts move, a second client watching, stop.
  async run() {
    const page = await open(browser, base);
    assert.match(await page.locator(".plan").textContent(), /this machine/);
    assert.match(await page.locator(".flow").textContent(), /token/);
    await start(page, { users: 5 });
    const other = await open(browser, base, { hash: "#charts", scheme: "dark" });
    await until("5 users", async () => number(await kpi(page, "users")) === 5);
    const before = await requests(page);
    await until("requests go up", async () => (await requests(page)) > before);
    await until("rows", async () => (await page.locator(".big tbody tr").count()) >= 2);
    const first = await page.locator(".big tfoot td").nth(2).textContent();
    await until("the table moves", async () => (await page.locator(".big tfoot td").nth(2).textContent()) !== first);
    const pixels = await points(other);
    await until("the chart moves", async () => (await points(other)) !== pixels);
    await zoomed(other);

    await page.keyboard.press("e");
    await page.fill("#edit-users", "12");
    await page.click("dialog button[type=submit]");
    await until("12 users", async () => number(await kpi(page, "users")) === 12);
    await until("the other page, too", async () => number(await kpi(other, "users")) === 12);
    await page.keyboard.press("w");
    await until("one more by key", async () => number(await kpi(page, "users")) === 13);

    await page.click("text=Reset statistics");
    await until("reset", async () => (await requests(page)) < before + 200);
    await stop(page);
    await other.waitForSelector('.pill[data-state="stopped"]');
    assert.match(await page.locator(".verdict").textContent(), /requests/);
    await page.click("text=New run");
    await page.waitForSelector("form.form");
    await other.waitForSelector("form.form");
    assert.equal(await page.inputValue("#users"), "5", "what the last run was told");
    fine(page);
    fine(other);
  },

  // Stages are written in rows, the picture follows, the run follows them and ends; the next form has them again.
  async stages() {
    const page = await open(browser, base);
    const curve = () => page.locator(".stages .curve").getAttribute("d");
    await page.fill("#rules", "failed < 5%\np(95) < 500ms");
    await page.check("#kind-stages");
    const proposed = await curve();
    await page.locator(".stage-list button").last().click();
    await page.locator(".stage-list button").last().click();
    await page.fill("[aria-label='Stage 1: within']", "2s");
    await page.fill("[aria-label='Stage 1: Users']", "6");
    await page.click("text=Add a stage");
    await page.keyboard.type("soon");
    assert.notEqual(await curve(), proposed);
    await page.fill("[aria-label='Stage 2: Users']", "2");
    await page.click("form.form button[type=submit]");
    assert.match(await page.locator("form .error").last().textContent(), /Stage 2/);
    await page.fill("[aria-label='Stage 2: within']", "1s");
    assert.match(await page.locator("svg.stages").getAttribute("aria-label"), /up to 6.* users, for 3s/);
    await axe(page, "stages");
    await page.click("text=Advanced");
    await page.fill("#pauses", "0.5");
    await page.click("form.form button[type=submit]");
    await page.waitForSelector('.pill[data-state="stopped"]');
    assert.match(await page.locator('[data-kpi="users"] .note').textContent(), /^6 at most/);
    assert.deepEqual(await page.locator(".rule code").allTextContents(), ["p(95) < 500ms", "failed < 5%"]);
    await page.click("text=New run");
    await page.waitForSelector("form.form");
    assert.deepEqual(await page.locator(".stage-list input").evaluateAll((all) => all.map((el) => el.value)), ["2s", "6", "1s", "2"]);
    assert.equal(await page.inputValue("#pauses"), "0.5");
    await page.check("#kind-users");
    await start(page, { users: 3 });
    await until("3 users", async () => number(await kpi(page, "users")) === 3);
    await stop(page);
    fine(page);
  },

  // Every file is saved into the folder; the caller parses them.
  async downloads() {
    const page = await open(browser, base);
    await start(page, { users: 5 });
    await until("requests", async () => (await requests(page)) > 20);
    await page.goto(base + "/#downloads");
    await until("two files wait for the end", async () => (await page.locator(".files .button.off").count()) === 2);
    await stop(page);
    await until("all files", async () => (await page.locator(".files a").count()) === 8);
    const names = [];
    for (const link of await page.locator(".files a").all()) {
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      assert.equal(await download.failure(), null);
      await download.saveAs(join(folder, download.suggestedFilename()));
      names.push(download.suggestedFilename());
    }
    writeFileSync(join(folder, "names.json"), JSON.stringify(names));
    fine(page);
  },

  // A recording is uploaded, its tokens are shown before anything is sent, then it runs.
  async upload() {
    const page = await open(browser, base);
    assert.match(await page.locator(".plan").textContent(), /No scenario yet/);
    assert.ok(await page.locator("form.form button[type=submit]").isDisabled());
    await axe(page, "without a scenario");
    await page.setInputFiles("#file", file);
    await page.waitForSelector(".flow li");
    assert.match(await page.locator(".plan").textContent(), /recorded requests kept, read as HAR/);
    await start(page, { users: 4, host: target, time: "20s" });
    await until("requests", async () => (await requests(page)) > 20);
    await stop(page);
    assert.equal(number(await kpi(page, "failures")), 0);
    await page.goto(base + "/#scenario");
    await page.waitForSelector(".yaml .tok");
    fine(page);
  },

  // What is not a recording is refused with a sentence, and what was there stays.
  async refused() {
    const page = await open(browser, base);
    const name = await page.locator(".which strong").textContent();
    await page.setInputFiles("#file", { name: "holiday.jpg", mimeType: "image/jpeg", buffer: Buffer.from("\xff\xd8\xff not a recording", "latin1") });
    await until("an error", async () => (await page.locator("form .error").textContent()).length > 10);
    assert.equal(await page.locator(".which strong").textContent(), name);
    page.wrong = page.wrong.filter((w) => !w.includes("422"));
    fine(page);
  },

  // Load for another machine is started only after it was agreed to. Nothing is sent here.
  async confirm() {
    const page = await open(browser, base);
    await page.fill("#host", "http://192.0.2.7:9");
    await page.locator("#host").blur();
    await page.waitForSelector(".confirm:not([hidden])");
    assert.match(await page.locator(".confirm").textContent(), /192\.0\.2\.7/);
    await axe(page, "with another machine");
    await page.click("form.form button[type=submit]");
    assert.equal(await page.locator("#confirm").evaluate((el) => el.validity.valueMissing), true);
    assert.equal(await page.locator(".pill").getAttribute("data-state"), "ready");
    fine(page);
  },

  // The server goes (the caller ends it when we say so): the page says it is not connected.
  async lost() {
    const page = await open(browser, base);
    await start(page, { users: 3 });
    await until("requests", async () => (await requests(page)) > 5);
    console.log("up");
    await page.waitForSelector('.pill[data-state="lost"]');
    assert.match(await page.locator(".alert.lost").textContent(), /Connection lost/);
    await axe(page, "without a connection");
  },

  // The first answer about a run comes after later ones, the second never: the page still shows what is.
  async late() {
    const page = await open(browser, base);
    let asked = 0, late = false;
    await page.route("**/api/state", async (route) => {
      const mine = ++asked;
      if (mine === 2) return route.abort();
      const response = await route.fetch();
      if (mine > 1) return route.fulfill({ response });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await route.fulfill({ response, json: { ...(await response.json()), state: "spawning" } });
      late = true;
    });
    await start(page, { users: 3 });
    await until("requests", async () => late && (await requests(page)) > 5);
    await until("the state that is", async () => (await page.locator(".pill").getAttribute("data-state")) === "running");
    await stop(page);
  },

  // Ten thousand rows: only those in view exist, sorting and filtering answer at once.
  async many() {
    const page = await open(browser, base);
    await start(page, { users: 2 });
    await until("rows", async () => /10,000/.test(await page.locator(".tools .hint").first().textContent()));
    assert.ok((await page.locator(".big tbody tr").count()) < 120);
    const figures = await scrolling(page);
    console.log(JSON.stringify(figures));
    assert.ok(figures.frame_cpu_ms < 16, "scrolling takes more than a frame has");
    const from = Date.now();
    await page.locator(".big th button", { hasText: "# Requests" }).click();
    await page.locator(".frame").evaluate((el) => (el.scrollTop = el.scrollHeight / 2));
    await until("the middle is there", async () => (await page.locator(".big tbody tr:not(.gap)").count()) > 10);
    await page.fill("#filter", "item/9999");
    await until("one row", async () => (await page.locator(".big tbody tr:not(.gap)").count()) === 1);
    assert.ok(Date.now() - from < 4000, `sorting, scrolling and filtering took ${Date.now() - from} ms`);
    await stop(page);
    fine(page);
  },
};

try {
  await scenes[scene]();
} finally {
  await browser.close();
}
