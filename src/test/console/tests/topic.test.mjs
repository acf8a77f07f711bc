import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MARKUP,
  accessible,
  answer,
  api,
  awaitRows,
  looksGood,
  newPage,
  newTopic,
  open,
  produce,
  session,
  useBrowser,
} from './harness.mjs';

const MANY = 10_000;

/** A change of the body of GET /topics/{topic}. */
function changed(page, topic, change) {
  return page.route(
    (url) => url.pathname === '/topics/' + topic,
    async (route) => {
      if (route.request().method() !== 'GET') {
        return route.continue();
      }
      const response = await route.fetch();
      return route.fulfill({ response, json: change(await response.json()) });
    },
  );
}

function setting(page, name) {
  return page.locator('.config-row', {
    has: page.locator('code', { hasText: new RegExp('^' + name.replace('.', '\\.') + '$') }),
  });
}

describe('topic', () => {
  useBrowser();

  it('shows its partitions, and the rate between two looks', async (t) => {
    const topic = await newTopic(3);
    await produce(topic, 3, 40);
    const page = await newPage(t);

    await open(page, '/topics/' + topic);
    await awaitRows(
      page,
      'Partitions',
      (all) => all.length === 3 && all.every((row) => row[2] === '40' && row[3] === '40'),
    );
    await page.getByText('in 3 partitions').waitFor();
    await produce(topic, 1, 200);

    await awaitRows(page, 'Partitions', (all) => all[0][2] === '240' && parseFloat(all[0][5]) > 1);
    await looksGood(page, 'topic');
  });

  it('says how old its oldest record is, and when it goes', async (t) => {
    const topic = await newTopic(1, { 'retention.ms': '604800000' });
    await produce(topic, 1, 1);
    const page = await newPage(t);
    const age = (6 * 24 + 3) * 3_600_000 + 60_000;
    await changed(page, topic, (body) => {
      body.partitions[0].oldest_timestamp = Date.now() - age;
      return body;
    });

    await open(page, '/topics/' + topic);

    const stat = page.locator('.stat', { hasText: 'Oldest record' });
    await stat.getByText('6 d 3 h').waitFor();
    await stat.getByText(/^goes in 20 h 5\d min$/).waitFor();
  });

  it('shows its configuration in words, with defaults marked', async (t) => {
    const topic = await newTopic(1, {
      'retention.ms': '-1',
      'retention.bytes': '10737418240',
      'segment.bytes': '1073741824',
    });
    const page = await newPage(t);

    await open(page, '/topics/' + topic);

    assert.match(await setting(page, 'retention.ms').innerText(), /for ever\s+-1\s+set/);
    assert.match(await setting(page, 'retention.bytes').innerText(), /10 GiB\s+10737418240\s+set/);
    assert.match(await setting(page, 'max.message.bytes').innerText(), /1 MiB\s+1048588\s+default/);
    assert.match(await page.locator('.config-row', { hasText: 'segment.bytes' }).innerText(), /without an effect/);
  });

  it('edits a setting in place by keyboard, and takes it back to its default', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);
    const row = setting(page, 'retention.ms');

    await row.getByRole('button', { name: 'Edit Kept for' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('36 h');
    const call = await row.locator('pre').innerText();
    assert.ok(call.includes('PATCH') && call.includes('{"configs":{"retention.ms":"129600000"}}'), call);
    await looksGood(page, 'topic-setting');
    await page.keyboard.press('Enter');

    await row.getByText('1 d 12 h', { exact: true }).waitFor();
    await row.getByText('set', { exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Edit');
    await page.keyboard.press('Enter');
    await row.getByRole('button', { name: 'Back to the default' }).click();
    await row.getByText('default', { exact: true }).waitFor();
    assert.equal((await api('GET', '/topics/' + topic)).configs['retention.ms'], '604800000');
  });

  it('changes a setting to what a select has, and shows what the service refuses', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);
    const timestamps = setting(page, 'message.timestamp.type');
    await timestamps.getByRole('button', { name: 'Edit Timestamps' }).click();
    await timestamps.getByRole('combobox').selectOption('LogAppendTime');
    await timestamps.getByRole('button', { name: 'Save' }).click();
    await timestamps.getByText('when the record is appended').waitFor();

    const largest = setting(page, 'max.message.bytes');
    await largest.getByRole('button', { name: 'Edit Largest record' }).click();
    await largest.getByRole('textbox').fill('nonsense');
    await largest.getByText('This is not understood.').waitFor();
    assert.ok(await largest.getByRole('button', { name: 'Save' }).isDisabled());
    await largest.getByRole('textbox').fill('1 TiB');
    await largest.getByRole('button', { name: 'Save' }).click();

    await largest.getByText('INVALID_CONFIG').waitFor();
    await accessible(page);
    await page.keyboard.press('Escape');
    assert.equal((await api('GET', '/topics/' + topic)).configs['max.message.bytes'], '1048588');
  });

  it('adds partitions', async (t) => {
    const topic = await newTopic(2);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);

    await page.getByRole('button', { name: 'Add partitions' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add partitions' });
    await dialog.getByLabel('Partitions in all').fill('2');
    await dialog.getByText('A whole number, more than 2.').waitFor();
    await dialog.getByLabel('Partitions in all').fill('5');
    assert.ok((await dialog.locator('pre').innerText()).includes('{"partitions_count":5}'));
    await looksGood(page, 'topic-partitions');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();

    await awaitRows(page, 'Partitions', (all) => all.length === 5);
    await dialog.waitFor({ state: 'detached' });
  });

  it('is deleted after its name is typed, by keyboard', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);

    await page.getByRole('button', { name: 'Delete topic' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Delete the topic' });
    await dialog.waitFor();
    await page.keyboard.type(topic.slice(1));
    await page.keyboard.press('Enter');
    assert.ok(await dialog.getByRole('button', { name: 'Delete topic' }).isDisabled());
    await page.keyboard.press('Home');
    await page.keyboard.type(topic[0]);
    assert.match(
      await dialog.locator('pre').innerText(),
      new RegExp("curl -X DELETE 'http[^']*/topics/" + topic + "'"),
    );
    await looksGood(page, 'topic-delete');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1, name: 'Topics' }).waitFor();
    await page.getByText('Topic ' + topic + ' is deleted.').waitFor();
    await assert.rejects(api('GET', '/topics/' + topic), /TOPIC_NOT_FOUND/);
  });

  it('says that a topic does not exist', async (t) => {
    const page = await newPage(t);

    await open(page, '/topics/there-is-none');

    await page.getByRole('alert').getByText('TOPIC_NOT_FOUND').waitFor();
    await looksGood(page, 'topic-missing');
  });

  it('shows a name of the URL as text', async (t) => {
    const page = await newPage(t);

    await open(page, '/topics/' + encodeURIComponent(MARKUP));

    await page.getByRole('heading', { level: 1, name: MARKUP }).waitFor();
    await page.getByRole('alert').first().waitFor();
  });

  it('shows values of the configuration as text', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await changed(page, topic, (body) => ({
      ...body,
      configs: { ...body.configs, ['a' + MARKUP]: MARKUP, 'retention.ms': MARKUP },
    }));

    await open(page, '/topics/' + topic);

    assert.equal(await page.getByText(MARKUP, { exact: true }).count(), 2);
    await accessible(page);
  });

  it('keeps what it shows while an error lasts', async (t) => {
    const topic = await newTopic(2);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);
    await awaitRows(page, 'Partitions', (all) => all.length === 2);
    const isTopic = (url) => url.pathname === '/topics/' + topic;
    await answer(page, isTopic, 503, { error_code: 503, message: 'Too much at once.', code: 'OVERLOADED' });

    const box = page.getByRole('alert').filter({ hasText: 'Too much at once.' });
    await box.waitFor();
    await awaitRows(page, 'Partitions', (all) => all.length === 2);
    await page.unroute(isTopic);
    await box.getByRole('button', { name: 'Retry' }).click();

    await box.waitFor({ state: 'detached' });
  });

  it('shows no buttons to somebody who may only read', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await session(page, {
      access: 'required',
      principal: 'bob',
      administrator: false,
      roles: ['reader'],
      rights: { topics: { [topic]: ['read'] }, groups: {} },
    });

    await open(page, '/topics/' + topic);
    await page.getByRole('link', { name: 'Records' }).waitFor();

    for (const name of ['Add partitions', 'Delete topic', 'Edit Kept for']) {
      assert.equal(await page.getByRole('button', { name }).count(), 0, name);
    }
    assert.equal(await page.getByRole('link', { name: 'Send' }).count(), 0);
    await page.getByRole('link', { name: 'Live tail' }).waitFor();
  });

  it('has keys for records and tail', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await open(page, '/topics/' + topic);
    await page.getByRole('link', { name: 'Records' }).waitFor();

    await page.keyboard.press('t');
    await page.waitForURL((url) => url.pathname === '/console/topics/' + topic + '/tail');
    await page.goBack();
    await page.getByRole('link', { name: 'Records' }).waitFor();
    await page.keyboard.press('r');
    await page.waitForURL((url) => url.pathname === '/console/topics/' + topic + '/records');
  });

  it('has elements only for the rows in sight of 10,000', async (t) => {
    const topic = await newTopic(1);
    const page = await newPage(t);
    await changed(page, topic, (body) => ({
      ...body,
      partitions: Array.from({ length: MANY }, (_, partition) => ({
        ...body.partitions[0],
        partition,
        log_start_offset: 0,
        end_offset: partition,
      })),
    }));
    await open(page, '/topics/' + topic);
    const grid = page.getByRole('grid', { name: 'Partitions' });

    const steps = await grid.evaluate(async (element) => {
      const seen = [];
      const frame = () => new Promise(requestAnimationFrame);
      const last = element.scrollHeight - element.clientHeight;
      for (let step = 0; step <= 100; step++) {
        element.scrollTop = (last * step) / 100;
        await frame();
        await frame();
        const { top, bottom } = element.getBoundingClientRect();
        const all = [...element.querySelectorAll('.table-body [role=row]')];
        const shown = all.filter(
          (row) => row.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top < bottom,
        );
        const covered = shown.reduce((sum, row) => sum + row.getBoundingClientRect().height, 0);
        seen.push({ elements: all.length, isCovered: covered >= bottom - top - 80 });
      }
      return seen;
    });

    assert.ok(Math.max(...steps.map((step) => step.elements)) < 60, 'too many elements');
    assert.ok(
      steps.every((step) => step.isCovered),
      'there are gaps while it scrolls',
    );
    await awaitRows(page, 'Partitions', (all) => all.at(-1)?.[2] === '9,999');
    assert.equal(await grid.getAttribute('aria-rowcount'), String(MANY + 1));
    await grid.focus();
    await page.keyboard.press('Home');
    await awaitRows(page, 'Partitions', (all) => all[0]?.[0] === '0');
    await accessible(page);
  });
});
