// Records the doors of tests/servers/tokens.py in a real Chromium: FOLDER/DOOR.har for each.
//
//   NODE_PATH=that/node_modules node tests/servers/record_tokens.js BASE FOLDER DOOR...
//
// One browser, a fresh context for each door: open it, log in as "recorded", wait for the title "done". On a busy
// machine the recorder loses bodies of pages that navigate away at once; such a door is recorded again, until the
// same bodies are missing SAME times (some always are) or none is.
const fs = require('fs');
const { chromium } = require('playwright-core');

const ATTEMPTS = 9, SAME = 3;

const [base, folder, ...doors] = process.argv.slice(2);
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-proxy-server'];

async function record(browser, door) {
  const context = await browser.newContext({
    locale: 'en-US', recordHar: { path: `${folder}/${door}.har`, content: 'embed', mode: 'full' },
  });
  const page = await context.newPage();
  await page.goto(`${base}/m/${door}/`);
  await page.fill('[name=username]', 'recorded');
  await page.fill('[name=password]', 'pw-recorded');
  await page.click('#go');
  await page.waitForFunction(() => document.title === 'done', null, { timeout: 15000 });
  await page.waitForLoadState('networkidle');
  await context.close();
}

// The places of answers without the body that they announced.
function missing(file) {
  const empty = ({ response: r }) => r.status === 200 && !r.content.text &&
    r.headers.some(h => h.name.toLowerCase() === 'content-length' && h.value !== '0');
  return JSON.parse(fs.readFileSync(file)).log.entries.map((e, i) => empty(e) ? i : -1).filter(i => i >= 0);
}

async function recordWhole(browser, door) {
  let best = null;
  const seen = {};
  const file = `${folder}/${door}.har`;
  for (let n = 0; n < ATTEMPTS && !(best && best.lost.length === 0); n++) {
    await record(browser, door);
    const lost = missing(file);
    if (!best || lost.length < best.lost.length) best = { lost, text: fs.readFileSync(file) };
    seen[lost] = (seen[lost] || 0) + 1;
    if (seen[best.lost] === SAME) break;
  }
  fs.writeFileSync(file, best.text);
}

(async () => {
  const env = { ...process.env, http_proxy: '', https_proxy: '' };
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args, env });
  let failed = 0;
  for (const door of doors) {
    await recordWhole(browser, door).catch((e) => { failed++; console.error(`${door}: ${e.message.split('\n')[0]}`); });
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
})();
