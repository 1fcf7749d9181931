// SPDX-License-Identifier: MPL-2.0
// page.cjs TOOLS PAGES SHOTS PROFILE: drives the report's pages in headless Chromium. Ends with 1 at the first thing that is
// not as it should be. Nothing depends on how long anything takes.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const [tools, pages, shots, profile] = process.argv.slice(2);
const { open, frame, accessible, readable } = require('./browser.cjs')(tools, profile);
fs.mkdirSync(shots, { recursive: true });

/* Opens a page of its own, runs the test in it, and says what the page said. */
async function visit(name, options, test) {
  const [browser, page] = await open(options);
  const said = [],
    url = pathToFileURL(path.join(pages, name, 'report.html')).href;
  page.on('console', m => {
    if (['error', 'warning'].includes(m.type())) said.push(m.text());
  });
  page.on('pageerror', e => said.push(String(e.stack)));
  page.on('request', r => {
    if (!r.url().startsWith('data:') && r.url() !== url) said.push('request: ' + r.url());
  });
  const begin = Date.now();
  await page.goto(url, { waitUntil: 'load' });
  const opened = Date.now() - begin;
  if (options.javaScriptEnabled !== false) await frame(page);
  await test(page);
  assert.deepEqual(said, [], `${name}: the console or a request`);
  await browser.close();
  return opened;
}

const shot = (page, name) => page.screenshot({ path: path.join(shots, name + '.png'), fullPage: true });
const range = page => page.$eval('#cursor', e => [+e.min, +e.max]);
const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check();

async function behaves(page) {
  assert.match(
    await page.textContent('h1'),
    /^3 of 5 renditions pass; 360p falls below vmaf\.p5 ≥ 80 between 00:41 and 00:46, and 240p could not be measured$/,
  );
  // The pictures' slider, by keyboard.
  const slider = page.locator('.rung:not([hidden]) .moment:not([hidden]) .slide input');
  const clip = () => page.$eval('.rung:not([hidden]) .moment:not([hidden]) img.ren', e => getComputedStyle(e).clipPath);
  const before = await clip();
  await slider.focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  assert.equal(await slider.inputValue(), '55');
  assert.notEqual(await clip(), before, 'the pictures follow the slider');
  await page.keyboard.press('Home');
  assert.match(await clip(), /inset\(0px 0px 0px 0%\)/);
  // The cursor, by keyboard; curves, strips and readout follow.
  const readout = () => page.textContent('#read .hd');
  const strip = () => page.getAttribute('#align .chart svg path.cur', 'd');
  const [was, stood] = [await readout(), await strip()];
  assert.match(was, /at 00:45\.0/);
  await page.focus('#cursor');
  await page.keyboard.press('ArrowRight');
  await frame(page);
  assert.notEqual(await readout(), was);
  assert.notEqual(await strip(), stood);
  assert.match(await page.getAttribute('#cursor', 'aria-valuetext'), /360p/);
  // Zoom: by buttons, keys and pointer, and back.
  const all = await range(page);
  await page.click('#z-in');
  await frame(page);
  const half = await range(page);
  assert.ok(Math.abs(half[1] - half[0] - (all[1] - all[0]) / 2) < 1e-6, `${half} of ${all}`);
  await page.focus('#cursor');
  await page.keyboard.press('+');
  await frame(page);
  const quarter = await range(page);
  assert.ok(quarter[1] - quarter[0] < (half[1] - half[0]) * 0.6);
  await page.click('#z-all');
  await frame(page);
  assert.deepEqual(await range(page), all);
  const over = page.locator('#c-time .u-over');
  await over.scrollIntoViewIfNeeded();
  const { width } = await over.boundingBox();
  await over.hover({ position: { x: width * 0.5, y: 60 } });
  await page.mouse.down();
  await over.hover({ position: { x: width * 0.6, y: 60 } });
  await over.hover({ position: { x: width * 0.7, y: 60 } });
  await page.mouse.up();
  await frame(page);
  const dragged = await range(page);
  assert.ok(Math.abs(dragged[0] - 36) < 1 && Math.abs(dragged[1] - 50.4) < 1, `dragged to ${dragged}`);
  // A gap is a gap: no curve is drawn over the 12 frames that are missing.
  await choose(page, 'One row each');
  await frame(page);
  assert.equal(await page.locator('#c-time .plot').count(), 4);
  const drawn = seconds =>
    page.evaluate(t => {
      const plot = document.querySelectorAll('#c-time .plot')[3],
        canvas = plot.querySelector('canvas'),
        over = plot.querySelector('.u-over');
      const { min, max } = document.querySelector('#cursor'),
        ratio = canvas.width / canvas.clientWidth;
      const x = Math.round((over.offsetLeft + ((t - min) / (max - min)) * over.offsetWidth) * ratio),
        top = Math.round(over.offsetTop * ratio),
        h = Math.round(over.offsetHeight * ratio);
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const data = copy.getImageData(x, top, 1, h).data;
      let strong = 0;
      for (let i = 0; i < data.length; i += 4)
        if (
          data[i + 3] > 120 &&
          Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60
        )
          strong++;
      return strong;
    }, seconds);
  assert.equal(await drawn(41.44), 0, 'nothing is drawn in the gap');
  let beside = 0;
  for (let t = 39; t < 41; t += 0.1) beside += await drawn(t);
  assert.ok(beside > 0, 'the curve is drawn beside it');
  await page.locator('#c-time .u-over').first().dblclick();
  await frame(page);
  assert.deepEqual(await range(page), all);
  await choose(page, 'All measures');
  await frame(page);
  assert.equal(await page.locator('#c-time .plot').count(), 3);
  await shot(page, 'all-measures');
  await choose(page, 'Together');
  await choose(page, 'SSIM');
  await frame(page);
  assert.match(await page.textContent('#read .hd'), /^SSIM/);
  assert.equal(await page.locator('[data-table]:not([hidden])').getAttribute('data-table'), 'ssim');
  assert.match(await page.getAttribute('[data-plot]:not([hidden]) svg', 'aria-label'), /SSIM.*Off the hull: 540p/);
  // Another rendition, another moment.
  await page.selectOption('#rg', { label: '720p' });
  assert.equal(await page.locator('.rung:not([hidden])').getAttribute('data-rung'), '720p');
  await page.locator('.rung:not([hidden]) .moments label').nth(1).click();
  assert.equal(await page.locator('.rung:not([hidden]) .moment:not([hidden])').getAttribute('data-number'), '2');
  const time = await page.locator('.rung:not([hidden]) .moment:not([hidden]) .facts dd').first().textContent();
  await frame(page);
  assert.ok((await readout()).includes('at ' + time.split(' ')[0]), `${await readout()} for ${time}`);
  const broken = await page.$$eval('img', all =>
    Promise.all(
      all.map(e =>
        e.decode().then(
          () => null,
          () => e.alt,
        ),
      ),
    ).then(r => r.filter(x => x !== null)),
  );
  assert.deepEqual(broken, [], 'pictures that cannot be decoded');
}

async function main() {
  // Without smooth scrolling, so that nothing moves under the pointer.
  await visit('ladder', { colorScheme: 'light', reducedMotion: 'reduce' }, async page => {
    await shot(page, 'light');
    await readable(page);
    await accessible(page, 'light');
    await behaves(page);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), 'auto');
    const pdf = await page.pdf({ path: path.join(shots, 'print.pdf'), format: 'A4', printBackground: true });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    await page.emulateMedia({ media: 'print' });
    const shown = s => page.locator(s).evaluateAll(all => all.filter(e => e.checkVisibility()).length);
    assert.equal(await shown('.tools, nav, #cursor'), 0, 'no controls on paper');
    assert.equal(await shown('.moment'), 4, 'the worst moment of each rendition on paper');
  });
  await visit('ladder', { colorScheme: 'dark' }, async page => {
    await shot(page, 'dark');
    await accessible(page, 'dark');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  });
  await visit('ladder', { viewport: { width: 390, height: 844 } }, async page => {
    await shot(page, 'narrow');
    await readable(page);
    await accessible(page, 'narrow');
  });
  await visit('ladder', { javaScriptEnabled: false }, async page => {
    assert.equal(await page.locator('noscript').count(), 1);
    assert.ok((await page.locator('h1').isVisible()) && (await page.locator('#renditions table').first().isVisible()));
    assert.ok(await page.locator('[data-table]').first().isVisible());
    assert.ok(await page.locator('.moment img.src').nth(3).isVisible());
  });
  const size = fs.statSync(path.join(pages, 'film', 'report.html')).size;
  assert.ok(size < 20e6, `two hours of four renditions take ${size} bytes`);
  const opened = await visit('film', {}, async page => {
    assert.match(await page.textContent('#read .hd'), /at \d:\d\d:\d\d\.\d/);
    await shot(page, 'film');
  });
  console.log(`two hours of four renditions: ${(size / 1e6).toFixed(1)} MB, opened in ${opened} ms`);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
