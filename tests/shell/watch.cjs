// SPDX-License-Identifier: MPL-2.0
// watch.cjs TOOLS IQA FOLDER SHOTS: runs `iqa watch` and drives its pages in headless Chromium. Ends with 1 at the first
// thing that is not as it should be. Every wait is for a condition, with a limit far beyond what it takes.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const [tools, iqa, folder, shots] = process.argv.slice(2);
const { open, accessible, readable } = require('./browser.cjs')(tools, path.join(folder, 'profile'));
const LONG = { timeout: 90_000 };
const TOKEN = 'a-token-of-this-test-only';
fs.mkdirSync(folder, { recursive: true });
fs.mkdirSync(shots, { recursive: true });

const freePort = () =>
  new Promise(done => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
const camera = (name, uri, more = '') => `[[camera]]\nname = "${name}"\nuri = "${uri}"\ninterval = "1s"\n${more}\n`;
const write = (name, text) => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/* The command, until it answers. */
async function watch(config, port) {
  const child = spawn(iqa, ['watch', config], { stdio: ['ignore', 'inherit', 'pipe'] });
  let said = '';
  child.stderr.on('data', data => (said += data));
  const ended = new Promise(done => child.on('exit', code => done(code)));
  const end = Date.now() + LONG.timeout;
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (ready?.ok) break;
    assert.equal(child.exitCode, null, said);
    assert.ok(Date.now() < end, said);
    await new Promise(done => setTimeout(done, 50));
  }
  return {
    async stop() {
      child.kill('SIGTERM');
      assert.equal(await ended, 0, said);
    },
    said: () => said,
  };
}

/* Opens a page and collects what the console says. */
async function visit(url, { cookies = [], ...options }, test) {
  const [browser, page] = await open(options);
  await browser.addCookies(cookies);
  page.setDefaultTimeout(LONG.timeout);
  const said = [];
  page.on('console', m => {
    if (['error', 'warning'].includes(m.type())) said.push(m.text());
  });
  page.on('pageerror', e => said.push(String(e.stack)));
  page.on('request', r => {
    if (!r.url().startsWith('blob:') && !r.url().startsWith('data:') && new URL(r.url()).host !== new URL(url).host)
      said.push('request: ' + r.url());
  });
  await page.goto(url, { waitUntil: 'load' });
  const quiet = () => assert.deepEqual(said, [], `${url}: the console or a request`);
  await test(page, quiet);
  await browser.close();
}
const shot = (page, name) => page.screenshot({ path: path.join(shots, `watch-${name}.png`), fullPage: true });
const tile = (page, name) => page.locator(`[data-tile="${name}"]`);
const heading = (page, pattern) =>
  page.waitForFunction(p => new RegExp(p).test(document.querySelector('h1').textContent), pattern, LONG);
const shows = (page, name) =>
  page.waitForFunction(n => document.querySelector(`[data-tile="${n}"] img`).naturalWidth > 0, name, LONG);

async function wall(page, quiet, base, config, cameras) {
  await heading(page, '^4 of 7 cameras are live; 3 alarms');
  await page.evaluate(() => (window.stays = true));
  for (const name of ['bars', 'black', 'still']) await shows(page, name);
  const over = '^Same picturefor \\d+ sframes arrive, but do not change$';
  await page.waitForFunction(
    p => new RegExp(p).test(document.querySelector('[data-tile=still] .over').textContent),
    over,
    LONG,
  );
  assert.equal(await tile(page, 'off').getAttribute('data-state'), 'disabled');
  assert.equal(await tile(page, 'away').locator('.pill').textContent(), 'Offline');
  // Scores come, each with its age, which counts on.
  const age = () => tile(page, 'bars').locator('[data-part^=score] time').textContent();
  await page.waitForFunction(
    () => / s ago$/.test(document.querySelector('[data-tile=bars] .row2 time')?.textContent),
    null,
    LONG,
  );
  assert.match(await age(), /^\d+ s ago$/);
  await page.waitForFunction(() => document.querySelector('[data-tile=bars] .spark'), null, LONG);
  await shot(page, 'wall-light');
  await readable(page);
  await accessible(page, 'the wall, light');
  // Filters, by keyboard.
  await page.getByRole('button', { name: /^Disabled/ }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.tile:visible').count(), 1);
  assert.match(await page.textContent('#shown'), /^1 of 7 cameras shown$/);
  await page.getByRole('button', { name: /^All/ }).press('Enter');
  await page.selectOption('#tag', 'site=south');
  assert.equal(await page.locator('.tile:visible').count(), 1);
  await page.selectOption('#tag', '');
  // Acknowledged by keyboard: the focus stays in its line, and the alarm stays in the list.
  const button = page.getByRole('button', { name: 'Acknowledge black on black' });
  await button.focus();
  await page.keyboard.press('Enter');
  await heading(page, '3 alarms, 1 of them acknowledged$');
  await page.waitForFunction(() => document.activeElement.textContent.includes('Acknowledged'), null, LONG);
  // A new camera with an alarm: the page takes it up by itself.
  write('cameras.toml', cameras() + camera('late', 'videotestsrc://black', 'alarms.black = { for = "8s" }'));
  const reloaded = await fetch(base + '/api/reload', { method: 'POST', headers: { authorization: 'Bearer ' + TOKEN } });
  assert.equal(reloaded.status, 200, await reloaded.text());
  await heading(page, 'of 8 cameras');
  await page.evaluate(() => {
    window.stays = true;
    // How old the alarm is when the page first has it.
    window.seen = {};
    new MutationObserver(() => {
      const time = document
        .querySelector('.alarms [data-ack][aria-label$="on late"]')
        ?.closest('li')
        .querySelector('time');
      if (time) window.seen.late ??= Date.now() - +time.dataset.ms;
    }).observe(document.body, { childList: true, subtree: true });
  });
  // An alarm is on the page within two seconds of its beginning.
  const late = await page.waitForFunction(() => window.seen?.late, null, LONG);
  const took = await late.jsonValue();
  assert.ok(took < 2000, `the alarm was on the page after ${took} ms`);
  console.log(`an alarm is on the page ${took} ms after it began`);
  assert.equal(await page.evaluate(() => window.stays), true, 'the page was loaded anew');
  quiet();
}

/* Nobody looks: nothing is asked for. */
async function hidden(page) {
  const asked = [];
  page.on('request', r => asked.push(r.url()));
  const hide = to =>
    page.evaluate(hidden => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, to);
  await hide(true);
  await page.waitForTimeout(500);
  asked.length = 0;
  await page.waitForTimeout(6000);
  assert.deepEqual(asked, [], 'a page that nobody looks at asks for something');
  await hide(false);
  await page.waitForRequest(r => r.url().includes('/api/events'));
}

async function cameraPage(page, quiet) {
  await heading(page, '^bars is live and scores \\d+$');
  await shows(page, 'bars');
  await page.waitForFunction(
    () => document.querySelectorAll('#curve canvas, #now-chart canvas').length === 2,
    null,
    LONG,
  );
  await page.waitForFunction(
    () => /lowest \d/.test(document.querySelector('#now-chart').getAttribute('aria-label')),
    null,
    LONG,
  );
  await page.getByRole('radio', { name: '1 h', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.getByRole('radio', { name: '24 h', exact: true }).isChecked());
  await page.getByRole('radio', { name: '1 h', exact: true }).check();
  await page.locator('summary').click();
  await page.waitForFunction(() => document.querySelectorAll('#table tbody tr').length > 0, null, LONG);
  await shot(page, 'camera-light');
  await readable(page);
  await accessible(page, 'a camera, light');
  quiet();
}

async function main() {
  const port = await freePort(),
    base = `http://127.0.0.1:${port}`;
  write('token', TOKEN);
  const cameras = () =>
    `listen = "127.0.0.1:${port}"\ndata-dir = "data"\ntoken-file = "token"\n` +
    camera('bars', 'videotestsrc://smpte', 'tags = { site = "north" }\nalarms.low = { below = 20 }') +
    camera('ball', 'videotestsrc://ball', 'tags = { site = "south" }') +
    camera('black', 'videotestsrc://black', 'alarms.black = { for = "1s" }') +
    camera('still', 'videotestsrc://smpte100', 'alarms.frozen = { for = "2s" }') +
    camera('away', 'rtsp://127.0.0.1:1/nothing', 'alarms.offline = { for = "1s" }') +
    camera('snow', 'videotestsrc://snow', 'model = "none"') +
    camera('off', 'videotestsrc://', 'enabled = false');
  const config = write('cameras.toml', cameras());
  let running = await watch(config, port);
  try {
    let cookies;
    // A login by keyboard leads to where one wanted to go.
    await visit(base + '/camera/bars', { colorScheme: 'light', reducedMotion: 'reduce' }, async (page, quiet) => {
      assert.match(page.url(), /\/login\?to=/);
      await shot(page, 'login');
      await accessible(page, 'the login');
      await page.keyboard.type('not the token at all');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.fill('#token', TOKEN);
      await page.keyboard.press('Enter');
      await page.waitForURL(base + '/camera/bars');
      cookies = await page.context().cookies();
      assert.ok(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === 'Strict');
    });
    const inside = (where, options, test) => visit(base + where, { cookies, ...options }, test);
    await inside('/', { colorScheme: 'light', reducedMotion: 'reduce' }, async (page, quiet) => {
      await wall(page, quiet, base, config, cameras);
      await hidden(page);
      quiet();
      // The server goes: nothing looks live any more, and nothing can be acknowledged. It comes back: all is as before.
      await running.stop();
      await heading(page, '^Connection lost');
      await page.waitForFunction(() =>
        document.querySelector('#lost').textContent.includes('Connection to iqa watch lost'),
      );
      assert.equal(await page.locator('[data-tile][data-state=live]').count(), 0);
      assert.ok((await page.locator('[data-tile][data-state=unknown]').count()) >= 4);
      assert.equal(await page.locator('[data-ack]:not([disabled])').count(), 0);
      await shot(page, 'wall-lost');
      await accessible(page, 'the wall, lost');
      running = await watch(config, port);
      await heading(page, 'of 8 cameras are live');
      await page.waitForFunction(
        () => document.querySelectorAll('[data-tile][data-state=live]').length === 5,
        null,
        LONG,
      );
      assert.equal(await page.locator('#lost').textContent(), '');
    });
    await inside('/camera/bars', { colorScheme: 'light', reducedMotion: 'reduce' }, cameraPage);
    for (const [name, options] of [
      ['dark', { colorScheme: 'dark' }],
      ['narrow', { viewport: { width: 390, height: 844 } }],
    ]) {
      await inside('/', options, async (page, quiet) => {
        await heading(page, '^5 of 8 cameras are live');
        // Pictures are fetched of what can be seen.
        await tile(page, 'bars').scrollIntoViewIfNeeded();
        await shows(page, 'bars');
        await shot(page, `wall-${name}`);
        await readable(page);
        await accessible(page, `the wall, ${name}`);
        quiet();
      });
      await inside('/camera/black', options, async (page, quiet) => {
        await heading(page, '^black is');
        await tile(page, 'black').scrollIntoViewIfNeeded();
        await shows(page, 'black');
        await page.waitForFunction(() => document.querySelectorAll('canvas').length === 2, null, LONG);
        await shot(page, `camera-${name}`);
        await readable(page);
        await accessible(page, `a camera, ${name}`);
        quiet();
      });
    }
    await inside('/', { javaScriptEnabled: false }, async page => {
      assert.equal(await page.locator('noscript').count(), 1);
      assert.ok(await tile(page, 'bars').isVisible());
    });
  } finally {
    await running.stop();
  }
  assert.ok(!running.said().includes(TOKEN));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
