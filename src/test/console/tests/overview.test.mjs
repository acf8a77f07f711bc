import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MARKUP,
  SERVICE,
  accessible,
  answer,
  awaitRows,
  looksGood,
  newIdleGroup,
  newName,
  newPage,
  newTopic,
  open,
  produce,
  query,
  session,
  settled,
  useBrowser,
} from './harness.mjs';

const isOverview = (url) => url.pathname === '/overview';
const isApi = (url) => !url.pathname.startsWith('/console');

describe('overview', () => {
  useBrowser();

  it('shows counts, traffic, groups by lag, PostgreSQL and replicas', async (t) => {
    const topic = await newTopic(2);
    await produce(topic, 2, 50);
    const group = await newIdleGroup(topic, 2, 0, newName('late') + MARKUP.replaceAll('/', ''));
    const page = await newPage(t);

    await open(page, '/');
    await awaitRows(page, 'Groups by lag', (all) => all.some((row) => row[0] === group && row[3] === '100'));

    const stats = await page.locator('.stats').innerText();
    for (const label of ['Topics', 'Records', 'Size', 'Groups', 'Replicas', 'Last retention']) {
      assert.ok(stats.includes(label), stats);
    }
    await page.getByRole('heading', { name: /^PostgreSQL \d/ }).waitFor();
    await page.getByText('this one', { exact: true }).waitFor();
    await page.getByRole('img', { name: /^Records\. in: / }).waitFor();
    await page.locator('.spark canvas').first().waitFor();
    assert.match(await page.title(), /Overview/);
    await looksGood(page, 'overview');
  });

  it('shows alerts as text', async (t) => {
    const page = await newPage(t);
    await page.route(isOverview, async (route) => {
      const response = await route.fetch();
      const alert = {
        name: 'TrunklineOldTransaction',
        severity: 'critical',
        summary: MARKUP,
        runbook: 'docs/runbooks.md#x',
      };
      await route.fulfill({ response, json: { ...(await response.json()), alerts: [alert] } });
    });

    await open(page, '/');

    await page.getByText(MARKUP).waitFor();
    await looksGood(page, 'overview-alert');
  });

  it('shows what is not known as a dash', async (t) => {
    const page = await newPage(t);
    await page.route(isOverview, async (route) => {
      const response = await route.fetch();
      const body = { ...(await response.json()), records: null, size_bytes: null, disk_bytes: null };
      await route.fulfill({
        response,
        json: { ...body, retention: { last_success_at: null }, database: { up: false } },
      });
    });

    await open(page, '/');

    await page.getByText('not reachable').waitFor();
    const values = await page
      .locator('.stat', { hasText: /^(Records|Size|Last retention)/ })
      .locator('.stat-value')
      .allInnerTexts();
    assert.deepEqual(values, ['–', '–', '–']);
    await accessible(page);
  });

  it('says how to begin where there is nothing yet', async (t) => {
    const page = await newPage(t);
    await page.route(isOverview, async (route) => {
      const response = await route.fetch();
      const groups = { count: 0, without_members: 0, worst: [] };
      await route.fulfill({ response, json: { ...(await response.json()), topics: 0, partitions: 0, groups } });
    });

    await open(page, '/');

    await page.getByText('No groups yet').waitFor();
    await looksGood(page, 'overview-empty');
  });

  it('shows the message and code of an error, and tries again', async (t) => {
    const page = await newPage(t);
    await answer(page, isOverview, 429, { error_code: 429, message: 'The quota is used up.', code: 'QUOTA_EXCEEDED' });

    await open(page, '/');
    const box = page.getByRole('alert').filter({ hasText: 'QUOTA_EXCEEDED' });
    await box.getByText('The quota is used up.').waitFor();
    await accessible(page);
    await page.unroute(isOverview);
    await box.getByRole('button', { name: 'Retry' }).click();

    await page.locator('.stats').waitFor();
    await box.waitFor({ state: 'detached' });
  });

  it('shows that the connection is lost, and mends it', async (t) => {
    const page = await newPage(t);
    await open(page, '/');
    await page.locator('.stats').waitFor();
    await page.route(isApi, (route) => route.abort());

    await page.locator('.connection-bar').waitFor();
    assert.match(await page.locator('.connection').innerText(), /No connection/);
    await page.locator('.stats').waitFor();
    await looksGood(page, 'connection-lost');
    await page.unroute(isApi);
    await page.getByRole('button', { name: 'Try now' }).click();

    await page.locator('.connection-bar').waitFor({ state: 'detached' });
    await page.getByText('Connected', { exact: true }).waitFor();
  });

  it('shows that PostgreSQL is away, and mends it by itself', async (t) => {
    const page = await newPage(t);
    await open(page, '/topics');
    await answer(page, isApi, 503, { error_code: 503, message: 'PostgreSQL is away.', code: 'DATABASE_UNAVAILABLE' });

    await page.getByText('No database').waitFor();
    await page.unroute(isApi);

    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByText('PostgreSQL is away.').waitFor({ state: 'detached' });
  });

  it('goes everywhere by keyboard', async (t) => {
    const page = await newPage(t);
    await open(page, '/');

    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.getByRole('heading', { name: 'Topics', level: 1 }).waitFor();
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('type')), 'search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await page.getByRole('heading', { name: 'Groups', level: 1 }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('go to the overview').waitFor();
    await looksGood(page, 'keys');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.goBack();

    await page.getByRole('heading', { name: 'Topics', level: 1 }).waitFor();
  });

  it('opens a group with j and Enter', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, 5);
    await newIdleGroup(topic, 1, 0);
    const page = await newPage(t);
    await open(page, '/');
    const [first] = await awaitRows(page, 'Groups by lag', (all) => all.length > 0);

    await page.keyboard.press('j');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1 }).filter({ hasText: first[0] }).waitFor();
  });

  it('lets keys be turned off', async (t) => {
    const page = await newPage(t);
    await open(page, '/');
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await page.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.keyboard.press('?');

    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  it('asks nothing while it is hidden, and no more than every five seconds else', async (t) => {
    const page = await newPage(t);
    await page.clock.install();
    await open(page, '/');
    await page.locator('.stats').waitFor();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const hide = (hidden) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);

    await hide(true);
    await page.clock.runFor(120_000);
    const whileHidden = asked.length;
    const next = page.waitForRequest((request) => isOverview(new URL(request.url())));
    await hide(false);
    await page.clock.runFor(1);
    await next;

    assert.equal(whileHidden, 0);
    for (let i = 0; i < 12; i++) {
      await page.clock.runFor(5_000);
    }
    const overviews = asked.filter((path) => path === '/overview').length;
    assert.ok(overviews <= 13, overviews + ' requests in a minute');
  });

  it('says when an address leads nowhere', async (t) => {
    const page = await newPage(t);

    await open(page, '/nothing/here');

    await page.getByRole('heading', { name: 'Not found' }).waitFor();
    await accessible(page);
  });

  it('leads to the login when the session has ended, and back', async (t) => {
    const page = await newPage(t);
    await session(page, { access: 'required', principal: null, administrator: false, roles: [] });
    await answer(page, (url) => url.pathname.startsWith('/overview'), 401, {
      error_code: 401,
      message: 'Credentials are needed.',
      code: 'AUTHENTICATION_REQUIRED',
    });

    await page.goto(SERVICE + '/console/topics?name=a%26b');
    await page.waitForURL(/\/console\/login/);

    assert.equal(query(page).to, '/console/topics?name=a%26b');
    await settled(page);
  });
});
