// Records scenarios/examples/demo.har: one visit to the demo shop in a real Chromium.
//
//   npm install playwright-core          (in a temporary folder; it brings no browser)
//   ./reprise demo --serve --port 8077 &
//   NODE_PATH=that/node_modules node tests/servers/record_demo.js http://127.0.0.1:8077 scenarios/examples/demo.har
const { chromium } = require('playwright-core');

const [base, har] = process.argv.slice(2);
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-proxy-server'];

async function visit(page) {
  const think = () => page.waitForTimeout(250 + Math.random() * 500);
  const says = (id, text) => page.waitForFunction(
    ([id, text]) => document.getElementById(id).textContent.includes(text), [id, text]);
  await page.goto(base + '/shop/');
  await think();
  await page.fill('[name=username]', 'ann');
  await page.fill('[name=password]', 'demo-pass-1');
  await page.click('#go');
  await says('cart', '0 pieces');
  await think();
  await page.click('#item-7');
  await says('detail', 'Headphones');
  await think();
  await page.click('#add');
  await says('cart', '1 pieces');
  await think();
  await page.click('#item-2');
  await says('detail', 'Blank tape');
  await think();
  await page.click('#add');
  await says('cart', '2 pieces');
  await think();
  await page.click('#buy');
  await says('order', 'Order R-');
  await think();
  await page.click('#pay');
  await says('order', 'paid');
  await think();
  await page.click('#out');
  await page.waitForSelector('#go');
  await think();
}

(async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args });
  const context = await browser.newContext({ locale: 'en-US', recordHar: { path: har, content: 'embed', mode: 'full' } });
  context.setDefaultTimeout(10000);
  await visit(await context.newPage());
  await context.close();
  await browser.close();
})().catch(e => { console.error(e); process.exit(1); });
