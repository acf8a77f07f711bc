import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MARKUP,
  answer,
  api,
  awaitRows,
  looksGood,
  newName,
  newPage,
  newTopic,
  open,
  produce,
  query,
  rows,
  session,
  useBrowser,
} from './harness.mjs';

/** More than a page of them. */
const MANY = Number(process.env.TRUNKLINE_MANY_TOPICS ?? 130);
const isList = (url) => url.pathname === '/overview/topics';

async function manyTopics(prefix) {
  const names = Array.from({ length: MANY }, (_, i) => prefix + '.' + String(i).padStart(5, '0'));
  const rest = [...names];
  const work = async () => {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      await api('POST', '/admin/topics', { topic_name: name, partitions_count: 1 });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return names;
}

describe('topics', () => {
  useBrowser();

  it('lists topics, searches and sorts on the server, and keeps both in the URL', async (t) => {
    const prefix = newName('list');
    const small = await newTopic(1, {}, prefix);
    const large = await newTopic(3, {}, prefix);
    await produce(large, 3, 20);
    const page = await newPage(t);
    await open(page, '/topics');

    await page.getByRole('searchbox', { name: 'Search topics' }).fill(prefix);
    await awaitRows(page, 'Topics', (all) => all.length === 2);
    await page.getByRole('button', { name: 'Records' }).click();
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === large && all[0][2] === '60');

    assert.deepEqual(query(page), { name: prefix, sort: 'records', order: 'desc' });
    assert.equal(await page.getByRole('columnheader', { name: 'Records' }).getAttribute('aria-sort'), 'descending');
    await looksGood(page, 'topics');
    await page.reload();
    await awaitRows(page, 'Topics', (all) => all.length === 2 && all[0][0] === large);
    await page.getByRole('button', { name: 'Records' }).click();
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === small);
    await page.goBack();
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === large);
  });

  it('goes through pages of many topics by keyboard', async (t) => {
    const prefix = newName('many');
    const names = await manyTopics(prefix);
    const page = await newPage(t);
    await open(page, '/topics?name=' + prefix);
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === names[0]);
    await page.getByText('1–100 of ' + MANY.toLocaleString('en')).waitFor();

    await page.keyboard.press('n');
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === names[100]);
    assert.equal(query(page).start, '100');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1, name: names[100] }).waitFor();
    await page.goBack();
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === names[100]);
    await page.keyboard.press('p');
    await awaitRows(page, 'Topics', (all) => all[0]?.[0] === names[0]);
  });

  it('is moved through with the keys of a grid', async (t) => {
    const prefix = newName('grid');
    const names = [];
    for (let i = 0; i < 30; i++) {
      names.push(await newTopic(1, {}, prefix + '.' + String(i).padStart(2, '0')));
    }
    const page = await newPage(t, { viewport: { width: 1280, height: 500 } });
    await open(page, '/topics?name=' + prefix);
    await page.locator('[role=grid][aria-rowcount="31"]').waitFor();
    const active = () =>
      page.evaluate(() => {
        const id = document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant');
        return id ? document.getElementById(id)?.querySelector('.cell')?.textContent : null;
      });
    const isActive = (name) =>
      page.waitForFunction(
        (wanted) => document.querySelector('[aria-selected=true] .cell')?.textContent === wanted,
        name,
      );

    await page.getByRole('grid', { name: 'Topics' }).focus();
    await page.keyboard.press('End');
    await isActive(names[29]);
    assert.equal(await active(), names[29]);
    await page.keyboard.press('ArrowUp');
    await isActive(names[28]);
    await page.keyboard.press('Home');
    await isActive(names[0]);
    await page.keyboard.press('PageDown');
    await page.waitForFunction(
      (first) => document.querySelector('[aria-selected=true] .cell')?.textContent !== first,
      names[0],
    );
    await page.keyboard.press('Enter');

    await page.waitForURL(/\/console\/topics\/grid/);
  });

  it('creates a topic by keyboard alone, and shows the call before', async (t) => {
    const name = newName('created');
    const page = await newPage(t);
    await open(page, '/topics');

    await page.keyboard.press('c');
    const dialog = page.getByRole('dialog', { name: 'Create a topic' });
    await dialog.waitFor();
    await page.keyboard.type(name);
    await page.keyboard.press('Tab');
    await page.keyboard.type('4');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1 d 12 h');
    const call = await dialog.locator('pre').innerText();
    assert.match(call, /curl -X POST 'http[^']*\/admin\/topics'/);
    const body = { topic_name: name, partitions_count: 4, configs: { 'retention.ms': '129600000' } };
    assert.ok(call.includes(JSON.stringify(body)), call);
    await looksGood(page, 'topic-create');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.getByText('Topic ' + name + ' is created.').waitFor();
    const topic = await api('GET', '/topics/' + name);
    assert.equal(topic.partitions.length, 4);
    assert.equal(topic.configs['retention.ms'], '129600000');
  });

  it('gives the focus back when a dialog is closed', async (t) => {
    const page = await newPage(t);
    await open(page, '/topics');
    await page.getByRole('button', { name: 'Create topic' }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');

    await page.keyboard.press('Escape');

    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Create topic');
  });

  it('says what is wrong with a name, and what the service refuses', async (t) => {
    const existing = await newTopic();
    const page = await newPage(t);
    await open(page, '/topics');
    await page.getByRole('button', { name: 'Create topic' }).first().click();
    const dialog = page.getByRole('dialog');
    const create = dialog.getByRole('button', { name: 'Create', exact: true });

    await dialog.getByLabel('Name').fill(MARKUP);
    await dialog.getByText('Letters, digits, dots').waitFor();
    assert.ok(await create.isDisabled());
    await dialog.getByLabel('Name').fill(existing);
    await dialog.getByLabel('Records are kept for').fill('a while');
    assert.ok(await create.isDisabled());
    await dialog.getByLabel('Records are kept for').fill('');
    await create.click();

    await dialog.getByText('TOPIC_ALREADY_EXISTS').waitFor();
    await looksGood(page, 'topic-create-refused');
  });

  it('shows what was searched for as text', async (t) => {
    const page = await newPage(t);

    await open(page, '/topics?name=' + encodeURIComponent(MARKUP));

    await page.getByText('Nothing found').waitFor();
    await page.getByText('“' + MARKUP + '”').waitFor();
    await looksGood(page, 'topics-nothing-found');
    await page.getByRole('button', { name: 'Show all topics' }).click();
    await page.waitForURL((url) => !url.searchParams.has('name'));
  });

  it('says how to begin where there is nothing yet', async (t) => {
    const page = await newPage(t);
    await answer(page, isList, 200, { total: 0, looked_at: new Date().toISOString(), topics: [] });

    await open(page, '/topics');

    await page.getByText('No topics yet').waitFor();
    await looksGood(page, 'topics-empty');
  });

  it('shows what is not known as a dash', async (t) => {
    const page = await newPage(t);
    const topic = { name: 'x', partitions: 1, records: null, size_bytes: null, records_per_second: null };
    await answer(page, isList, 200, { total: 1, looked_at: new Date().toISOString(), topics: [topic] });

    await open(page, '/topics');

    assert.deepEqual(await rows(page, 'Topics'), [['x', '1', '–', '–', '–', '–']]);
  });

  it('shows the message and code of an error', async (t) => {
    const page = await newPage(t);
    await answer(page, isList, 503, { error_code: 503, message: MARKUP, code: 'OVERLOADED' });

    await open(page, '/topics');

    const box = page.getByRole('alert').filter({ hasText: 'OVERLOADED' });
    await box.getByText(MARKUP).waitFor();
    await looksGood(page, 'topics-error');
  });

  it('creates nothing where the console is read-only', async (t) => {
    const page = await newPage(t);
    await session(page, { read_only: true });

    await open(page, '/topics');
    await page.getByText('read-only').waitFor();
    await page.keyboard.press('c');

    assert.equal(await page.getByRole('button', { name: 'Create topic' }).count(), 0);
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  it('does not let somebody create a topic of a name that is not his', async (t) => {
    const page = await newPage(t);
    await session(page, {
      access: 'required',
      principal: 'ann',
      administrator: false,
      roles: ['team'],
      rights: { topics: {}, groups: {} },
    });
    await open(page, '/topics');
    await page.getByRole('button', { name: 'Create topic' }).first().click();

    await page.getByRole('dialog').getByLabel('Name').fill('not-hers');

    await page.getByText('You may not create a topic of this name.').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Create', exact: true }).isDisabled());
    assert.match(await page.getByRole('dialog').locator('pre').innerText(), /Authorization: Bearer \$TRUNKLINE_TOKEN/);
  });
});
