// SPDX-License-Identifier: MPL-2.0
/* Keeps a page up to date: inserts changed parts, updates ages, loads visible pictures, and shows when the connection
   to the server is lost. A hidden page requests nothing. */
'use strict';
const $ = (s, r = document) => r.querySelector(s),
  $$ = (s, r = document) => [...r.querySelectorAll(s)];
const icon = (name, tone = '') => `<svg class="i ${tone}" aria-hidden="true"><use href="#${name}"/></svg>`;
const ZONE = document.body.dataset.zone;
const clock = (ms, options = {}) =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone: ZONE,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...options,
  }).format(ms);
/* The server's clock, independent of the local one. */
let ahead = +document.body.dataset.now - Date.now();
const now = () => Date.now() + ahead;

/* ── Ages ───────────────────────────────────────────────────────────────── */
const span = s =>
  s < 60
    ? `${s} s`
    : s < 3600
      ? `${Math.floor(s / 60)} min`
      : s < 86400
        ? `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`
        : `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
const SAYS = { ago: s => `${span(s)} ago`, for: s => `for ${span(s)}`, span };
function count(paper = false) {
  for (const e of $$('time[data-how]')) {
    const says = SAYS[e.dataset.how],
      ms = +e.dataset.ms;
    if (!says) continue;
    if ((paper || lost) && e.dataset.how === 'span') {
      e.textContent = '';
      continue;
    }
    const text = paper || lost ? `at ${clock(ms)}` : says(Math.max(0, Math.floor((now() - ms) / 1000)));
    const said = (e.dataset.before || (lost && e.dataset.how === 'ago' ? 'old, ' : '')) + text;
    if (e.textContent !== said) e.textContent = said;
  }
}
addEventListener('beforeprint', () => count(true));

/* ── Parts ──────────────────────────────────────────────────────────────── */
function put(key, html) {
  if (key === 'title') document.title = html;
  else if (key.startsWith('tile:')) tile(key.slice(5), html);
  else {
    const e = $(`[data-part="${CSS.escape(key)}"]`);
    if (!e) return;
    const focus = e.contains(document.activeElement) ? document.activeElement.id : '';
    if (key === 'heading') e.textContent = html;
    else e.innerHTML = html;
    /* Acknowledged: the button has become text. */
    if (focus) (document.getElementById(focus) ?? document.getElementById(focus.replace('ack-', 'acked-')))?.focus();
  }
}
function tile(name, text) {
  const e = $(`[data-tile="${CSS.escape(name)}"]`);
  if (!e) return;
  const [state, ...classes] = text.split(' ');
  e.dataset.state = state;
  e.className = [e.dataset.keep, ...classes].filter(Boolean).join(' ');
}
function update(news) {
  if (news.reload) return location.reload();
  ahead = news.now - Date.now();
  for (const [key, html] of Object.entries(news.parts)) put(key, html);
  if (lost) found();
  count();
  filter();
  document.dispatchEvent(new Event('parts'));
}

/* ── The connection ─────────────────────────────────────────────────────── */
const QUIET = 7000;
let source = null,
  heard = 0,
  wait = 1,
  next = 0,
  lost = false,
  since = 0;
function connect() {
  source?.close();
  heard = Date.now();
  const view = document.body.dataset.view,
    name = $('[data-camera]')?.dataset.camera;
  source = new EventSource('/api/events?view=' + view + (name ? '&name=' + encodeURIComponent(name) : ''));
  source.addEventListener('time', e => {
    heard = Date.now();
    wait = 1;
    ahead = +e.data - heard;
    if (!lost) say();
  });
  source.addEventListener('parts', e => {
    heard = Date.now();
    update(JSON.parse(e.data));
  });
  source.onerror = async () => {
    lose();
    /* The token has changed since the login: go to the login page. */
    const answer = await fetch('/api/cameras', { method: 'HEAD' }).catch(() => null);
    if (answer?.status === 401) location.reload();
  };
}
const say = () => ($('#conn').innerHTML = `${icon('pass')} Connected, updated <time>${clock(now())}</time>`);
function lose() {
  source?.close();
  source = null;
  if (document.hidden) return;
  next = Date.now() + wait * 1000;
  wait = Math.min(wait * 2, 15);
  if (lost) return;
  lost = true;
  since = now();
  document.body.classList.add('is-lost');
  $('#conn').innerHTML = `${icon('offline', 'fail')} <b class="fail">Connection lost</b>`;
  for (const e of $$('[data-tile]')) {
    if (e.dataset.state !== 'live') continue;
    e.dataset.state = 'unknown';
    e.classList.add('old');
    const box = $('.pill, .tag.l', e);
    if (box) box.innerHTML = icon('unknown') + ($('.tag.l', e) ? ' ' : '') + 'Not known';
    box?.classList.remove('pass');
    const at = $('time.at, time.tag.r', e);
    if (at) {
      const over = document.createElement('div');
      over.className = 'over';
      over.innerHTML = `Last picture<span>at ${clock(+at.dataset.ms)}</span><small>not known to be live</small>`;
      at.replaceWith(over);
    }
  }
  for (const b of $$('[data-ack]')) b.disabled = true;
  const note = $('[data-note]');
  if (note)
    note.textContent = `As last known at ${clock(since)}. Nothing can be acknowledged until the connection is back.`;
  const h = $('[data-part="heading"]'),
    name = $('[data-camera]')?.dataset.camera;
  h.textContent = name
    ? `Connection lost: whether ${name} is live is not known`
    : 'Connection lost: nothing here is known to be live';
  document.title = 'Connection lost · iqa watch';
  warn();
  count();
  filter();
}
function warn() {
  const left = Math.max(0, Math.ceil((next - Date.now()) / 1000));
  $('#lost').innerHTML =
    `${icon('offline')}<span><b>Connection to iqa watch lost since ${clock(since)}.</b> Nothing below is live. ` +
    `<span aria-hidden="true">Trying again ${left ? `in ${left} s` : 'now'}.</span></span>`;
}
/* Every connection starts with all parts. */
function found() {
  lost = false;
  document.body.classList.remove('is-lost');
  $('#lost').textContent = '';
  say();
}
setInterval(() => {
  if (document.hidden) return;
  if (source && Date.now() - heard > QUIET) lose();
  else if (!source && Date.now() >= next) connect();
  if (lost) warn();
  else count();
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    source?.close();
    source = null;
  } else connect();
});
connect();

/* ── Pictures ───────────────────────────────────────────────────────────── */
const EVERY = { wall: 3000, camera: 1000 }[document.body.dataset.view] ?? 3000;
const seen = new Set();
const eye = new IntersectionObserver(all => {
  for (const e of all) {
    seen[e.isIntersecting ? 'add' : 'delete'](e.target);
    if (e.isIntersecting && !document.hidden && !lost) fetchPicture(e.target);
  }
});
for (const e of $$('img[data-snapshot]')) eye.observe(e);
async function fetchPicture(img) {
  const of = img.closest('[data-tile]');
  if (img.dataset.busy || of.classList.contains('none') || (img.dataset.have && of.classList.contains('old'))) return;
  img.dataset.busy = '1';
  try {
    const answer = await fetch(`/snapshot/${encodeURIComponent(img.dataset.snapshot)}.jpg`);
    if (answer.status === 200) {
      const url = URL.createObjectURL(await answer.blob()),
        before = img.src;
      img.src = url;
      img.alt = `${of.classList.contains('old') ? 'Last' : 'Newest'} picture of ${img.dataset.snapshot}`;
      await img.decode().catch(() => {});
      if (before.startsWith('blob:')) URL.revokeObjectURL(before);
      img.dataset.have = '1';
      const at = $('time[data-how="clock"]', of),
        taken = Date.parse(answer.headers.get('iqa-taken'));
      if (at && taken) {
        at.dataset.ms = taken;
        at.textContent = clock(taken);
      }
    }
  } catch {
    /* The lost connection is reported elsewhere. */
  } finally {
    delete img.dataset.busy;
  }
}
const look = () => {
  if (!document.hidden && !lost) for (const img of seen) fetchPicture(img);
};
setInterval(look, EVERY);
/* A camera's first picture, as soon as there is one. */
document.addEventListener('parts', () => {
  for (const img of seen) if (!img.dataset.have) fetchPicture(img);
});

/* ── Filters ────────────────────────────────────────────────────────────── */
let pick = '';
function filter() {
  if (!$('#filters')) return;
  const tag = $('#tag')?.value ?? '',
    tiles = $$('#wall .tile'),
    of = state => tiles.filter(e => !state || e.dataset.state === state).length;
  if (pick === 'unknown' && !lost) pick = '';
  for (const b of $$('#filters .chip')) {
    $('b', b).textContent = of(b.dataset.f);
    b.setAttribute('aria-pressed', String(b.dataset.f === pick));
    if (b.dataset.f === 'unknown') b.hidden = !lost;
  }
  let shown = 0;
  for (const e of tiles) {
    const hide = (pick && e.dataset.state !== pick) || (tag && !e.dataset.tags.split(' ').includes(tag));
    e.hidden = Boolean(hide);
    shown += hide ? 0 : 1;
  }
  const said = `${shown} of ${tiles.length} cameras shown`;
  if ($('#shown').textContent !== said && (pick || tag || $('#shown').textContent)) $('#shown').textContent = said;
}
if ($('#filters')) {
  $('#filters').hidden = false;
  $('#filters').addEventListener('click', e => {
    const chip = e.target.closest('.chip');
    if (!chip) return;
    pick = chip.dataset.f;
    filter();
  });
  $('#tag')?.addEventListener('change', filter);
}

/* ── Acknowledging ──────────────────────────────────────────────────────── */
document.addEventListener('click', async e => {
  const button = e.target.closest('[data-ack]');
  if (!button) return;
  button.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(`/api/alarms/${button.dataset.ack}/ack`, { method: 'POST' });
    if (!answer.ok) button.textContent = 'Not acknowledged, try again';
  } catch {
    button.textContent = 'Not acknowledged, try again';
  }
  button.removeAttribute('aria-busy');
});
