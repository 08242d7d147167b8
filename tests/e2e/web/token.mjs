// With a token: the door without it, the page with the link, and the token gone from the address bar.
import assert from "node:assert/strict";
import { axe, launch } from "./browser.mjs";

const [base, link] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await (await browser.newContext()).newPage();
  await page.goto(base + "/");
  assert.match(await page.textContent("h1"), /A token is needed/);
  await axe(page, "door");
  await page.goto(link);
  await page.waitForSelector("form.form");
  assert.equal(page.url(), base + "/");
  assert.equal(await page.evaluate(() => document.cookie), "", "a script cannot read the token");
} finally {
  await browser.close();
}
