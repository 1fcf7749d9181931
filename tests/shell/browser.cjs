// SPDX-License-Identifier: MPL-2.0
// What tests of pages share: headless Chromium, and what every page has to be.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/* TOOLS: the folder with playwright-core and axe-core; PROFILE: a folder for what browsers keep. */
module.exports = (tools, profile) => {
  const { chromium } = require(path.join(tools, 'playwright-core'));
  const axe = fs.readFileSync(path.join(tools, 'axe-core', 'axe.min.js'), 'utf8');
  let context = 0;

  /* A browser with a profile of its own, and its page. */
  async function open(options) {
    const browser = await chromium.launchPersistentContext(path.join(profile, String(context++)), {
      executablePath: '/usr/bin/chromium',
      args: FLAGS,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    return [browser, browser.pages()[0] ?? (await browser.newPage())];
  }

  const frame = page =>
    page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));

  async function accessible(page, name) {
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    const serious = found.violations.filter(v => ['serious', 'critical'].includes(v.impact));
    const words = serious.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`);
    assert.deepEqual(words, [], `axe-core, ${name}`);
  }

  /* What can be read must not be smaller than 11 px, nor wider than the window. */
  async function readable(page) {
    const small = await page.evaluate(() => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT),
        out = new Set();
      for (let n = walk.nextNode(); n; n = walk.nextNode()) {
        const e = n.parentElement;
        if (
          n.textContent.trim() &&
          e.checkVisibility() &&
          !e.closest('script,style,noscript') &&
          parseFloat(getComputedStyle(e).fontSize) < 11
        )
          out.add(n.textContent.trim());
      }
      return [...out];
    });
    assert.deepEqual(small, [], 'text under 11 px');
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `the page is ${wide} px wide in a window of ${window}`);
  }

  return { open, frame, accessible, readable };
};
