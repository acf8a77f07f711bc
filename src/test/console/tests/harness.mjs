/**
 * What the tests of the console share. TRUNKLINE_URL is the service's address, TRUNKLINE_SCREENSHOTS a directory for pictures (none
 * are taken without it), CHROMIUM the browser (/usr/bin/chromium).
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

export const SERVICE = process.env.TRUNKLINE_URL ?? 'http://localhost:8080';
const SCREENSHOTS = process.env.TRUNKLINE_SCREENSHOTS;
const PATIENCE_MS = 20_000;
const CONTROL = 'application/vnd.kafka.v2+json';
const JSON_RECORDS = 'application/vnd.kafka.json.v2+json';
export const MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';

/** What must not be in any page. */
const FORBIDDEN = /Content.Security.Policy|Refused to|Uncaught/i;

let browser;
let axe;
/** Topics and groups of this run, so that it can share a service with others. */
const run = Date.now().toString(36);
let names = 0;

/** Starts and ends the browser of a file of tests. */
export function useBrowser() {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  after(() => browser?.close());
}

/** A name that no other test has. */
export function newName(beginning) {
  return beginning + '-' + run + '-' + ++names;
}

/** Calls the API, not the console. */
export async function api(method, path, body, type = CONTROL, accept = 'application/json') {
  const response = await fetch(SERVICE + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': type }), Accept: accept },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, method + ' ' + path + ': ' + response.status + ' ' + text);
  return text === '' ? undefined : JSON.parse(text);
}

/** Creates a topic. */
export async function newTopic(partitions = 1, configs = {}, beginning = 'topic') {
  const topic = newName(beginning);
  await api('POST', '/admin/topics', { topic_name: topic, partitions_count: partitions, configs });
  return topic;
}

/** Appends so many records to each partition. */
export async function produce(topic, partitions, each) {
  for (let partition = 0; partition < partitions; partition++) {
    const records = Array.from({ length: each }, (_, i) => ({ key: 'k' + i, value: { number: i, partition } }));
    await api('POST', '/topics/' + topic + '/partitions/' + partition, { records }, JSON_RECORDS, CONTROL);
  }
}

/** A group with one member that has read all topics from their beginning; commits by its next poll. */
export async function newGroup(topics, group = newName('group'), member = newName('member'), options = {}) {
  const path = '/consumers/' + encodeURIComponent(group);
  const instance = path + '/instances/' + encodeURIComponent(member);
  const consumer = { name: member, format: 'json', 'auto.offset.reset': 'earliest', ...options };
  await api('POST', path, consumer, CONTROL, CONTROL);
  await api('POST', instance + '/subscription', { topics }, CONTROL, CONTROL);
  return {
    group,
    member,
    poll: () => api('GET', instance + '/records?timeout=500', undefined, undefined, JSON_RECORDS),
    commit: (offsets) => api('POST', instance + '/offsets', { offsets }, CONTROL, CONTROL),
    leave: () => api('DELETE', instance, undefined, undefined, CONTROL),
  };
}

/** A group without members that has committed this offset in each of the partitions. */
export async function newIdleGroup(topic, partitions, offset, group = undefined) {
  const one = await newGroup([topic], group, undefined, { 'enable.auto.commit': false });
  await one.poll();
  await one.commit(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset })));
  await one.leave();
  return one.group;
}

/**
 * A page of its own, with what went wrong in it. When the test ends, nothing may have.
 *
 * @param {import('node:test').TestContext} test
 */
export async function newPage(test, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    timezoneId: 'Europe/Berlin',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error.stack)));
  page.on('console', (message) => {
    if (message.type() === 'error' && FORBIDDEN.test(message.text())) {
      faults.push(message.text());
    }
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(SERVICE).origin) {
      faults.push('a request to ' + url.origin);
    }
  });
  test.after(async () => {
    const pwned = await page.evaluate(() => window.pwned).catch(() => undefined);
    await context.close();
    assert.deepEqual(faults, []);
    assert.equal(pwned, undefined, 'text was taken as markup');
  });
  return page;
}

/** Opens a view, and waits for its data. */
export async function open(page, path) {
  await page.goto(SERVICE + '/console' + path);
  await settled(page);
}

/** Waits until the view has shown its first data. */
export async function settled(page) {
  await page.waitForSelector('main h1');
  await page.waitForFunction(() => document.querySelector('main .loading') === null);
}

/** The query of the URL. */
export function query(page) {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** Fails if axe finds a violation, or something scrolls sideways. */
export async function accessible(page) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map((violation) => ({
      rule: violation.id,
      nodes: violation.nodes.map((node) => node.html + ' ' + node.failureSummary),
    }));
  });
  assert.deepEqual(violations, []);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(sideways <= 0, 'the page is ' + sideways + ' px too wide');
}

/** Looks at the view in light, dark, and on a telephone: nothing is wrong with it in any of them. */
export async function looksGood(page, name) {
  const size = page.viewportSize();
  for (const [variant, colorScheme, viewport] of [
    ['light', 'light', size],
    ['dark', 'dark', size],
    ['telephone', 'light', { width: 390, height: 844 }],
  ]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (SCREENSHOTS) {
      await page.screenshot({ path: join(SCREENSHOTS, name + '-' + variant + '.png') });
    }
    await accessible(page);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(size);
}

/** Lets a path of the API answer this. */
export function answer(page, pattern, status, body) {
  return page.route(pattern, (route) =>
    route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) }),
  );
}

/** Answers GET /session as somebody with these rights. */
export async function session(page, changes) {
  await page.route(
    (url) => url.pathname === '/session',
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), ...changes } });
    },
  );
}

/** The rows of a table in sight, as lists of the texts of their cells. */
export function rows(page, label) {
  return page
    .getByRole('grid', { name: label, exact: true })
    .locator('.table-body [role=row]')
    .evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent.trim())),
    );
}

/** Waits until rows of a table are as they should be. */
export async function awaitRows(page, label, isRight, what = String(isRight)) {
  const deadline = Date.now() + PATIENCE_MS;
  let last;
  while (Date.now() < deadline) {
    last = await rows(page, label);
    if (isRight(last)) {
      return last;
    }
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  assert.fail('the rows of ' + label + ' are not as expected (' + what + '): ' + JSON.stringify(last));
}
