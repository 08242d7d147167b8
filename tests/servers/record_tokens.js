// Records the doors of tests/servers/tokens.py in a real Chromium: FOLDER/DOOR.har for each.
//
//   NODE_PATH=that/node_modules node tests/servers/record_tokens.js BASE FOLDER DOOR...
//
// One browser, a fresh context for each door: open it, log in as "recorded", wait for the title "done".
const { chromium } = require('playwright-core');

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
  await context.close();
}

(async () => {
  const env = { ...process.env, http_proxy: '', https_proxy: '' };
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args, env });
  let failed = 0;
  for (const door of doors) {
    await record(browser, door).catch((e) => { failed++; console.error(`${door}: ${e.message.split('\n')[0]}`); });
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
})();
