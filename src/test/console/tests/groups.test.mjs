import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MARKUP,
  accessible,
  answer,
  api,
  awaitRows,
  looksGood,
  newGroup,
  newIdleGroup,
  newName,
  newPage,
  newTopic,
  open,
  produce,
  query,
  session,
  useBrowser,
} from './harness.mjs';

const MANY = 10_000;
const RECORDS = 30;
/** A group's name may hold anything but a slash. */
const ODD = MARKUP.replaceAll('/', '') + ' ?&#%';
const isList = (url) => url.pathname === '/overview/groups';
const path = (group) => '/groups/' + encodeURIComponent(group);

async function committed(group) {
  const { offsets } = await api('GET', path(group));
  return offsets.map((each) => each.committed_offset);
}

/** Opens the dialog for a group that has committed 10 of 30 in each of three partitions. */
async function reset(t) {
  const topic = await newTopic(3);
  await produce(topic, 3, RECORDS);
  const group = await newIdleGroup(topic, 3, 10);
  const page = await newPage(t);
  await open(page, path(group));
  await page.getByRole('button', { name: 'Reset offsets' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  return { topic, group, page, dialog };
}

describe('groups', () => {
  useBrowser();

  it('lists groups by lag, searches and sorts on the server', async (t) => {
    const prefix = newName('g');
    const topic = await newTopic(1);
    await produce(topic, 1, RECORDS);
    const behind = await newIdleGroup(topic, 1, 5, prefix + '.a');
    const done = await newIdleGroup(topic, 1, RECORDS, prefix + '.b');
    const page = await newPage(t);

    await open(page, '/groups');
    await page.keyboard.press('/');
    await page.keyboard.type(prefix);
    const all = await awaitRows(page, 'Groups', (found) => found.length === 2);
    assert.deepEqual(all, [
      [behind, 'Empty', '0', '25'],
      [done, 'Empty', '0', '0'],
    ]);
    await looksGood(page, 'groups');
    await page.getByRole('button', { name: 'Group', exact: true }).click();
    await page.getByRole('button', { name: 'Group', exact: true }).click();

    await awaitRows(page, 'Groups', (found) => found[0]?.[0] === done);
    assert.deepEqual(query(page), { name: prefix, sort: 'name', order: 'desc' });
  });

  it('opens a group of an odd name by keyboard, and shows it as text', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, RECORDS);
    const group = await newIdleGroup(topic, 1, 0, newName('odd') + ODD);
    const page = await newPage(t);
    await open(page, '/groups?name=' + encodeURIComponent(group));
    await awaitRows(page, 'Groups', (all) => all.length === 1 && all[0][0] === group);

    await page.keyboard.press('j');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1 }).filter({ hasText: group }).waitFor();
    await awaitRows(page, 'Partitions', (all) => all.length === 1 && all[0][4] === String(RECORDS));
    await accessible(page);
  });

  it('says how to begin, that nothing is found, and what went wrong', async (t) => {
    const page = await newPage(t);
    await answer(page, isList, 200, { total: 0, looked_at: new Date().toISOString(), groups: [] });
    await open(page, '/groups');
    await page.getByText('No groups yet').waitFor();
    await looksGood(page, 'groups-empty');

    await open(page, '/groups?name=' + encodeURIComponent(MARKUP));
    await page.getByText('“' + MARKUP + '”').waitFor();
    await accessible(page);

    await page.unroute(isList);
    await answer(page, isList, 503, { error_code: 503, message: 'Too much at once.', code: 'OVERLOADED' });
    await open(page, '/groups');
    await page.getByRole('alert').getByText('OVERLOADED').waitFor();
    await looksGood(page, 'groups-error');
  });
});

describe('group', () => {
  useBrowser();

  it('shows members with their partitions, lag and its history', async (t) => {
    const topic = await newTopic(2);
    await produce(topic, 2, RECORDS);
    const member = newName('m');
    const one = await newGroup([topic], undefined, member);
    await one.poll();
    await one.commit([{ topic, partition: 0, offset: 10 }]);
    const page = await newPage(t);

    await open(page, path(one.group));
    await page.locator('h1').getByText('Stable').waitFor();
    const [shown] = await awaitRows(page, 'Members', (all) => all.length === 1);
    assert.deepEqual(shown, [member, topic, topic + ': 0, 1']);
    const partitions = await awaitRows(page, 'Partitions', (all) => all.length === 2 && all[0][2] === '10');

    assert.equal(partitions[0][3], String(RECORDS));
    assert.equal(partitions[0][6], member);
    await page
      .getByRole('img', { name: /^Lag in the last hour/ })
      .or(page.getByText('There is no history of the lag yet'))
      .waitFor();
    assert.ok(await page.getByRole('button', { name: 'Reset offsets' }).isDisabled());
    assert.ok(await page.getByRole('button', { name: 'Delete group' }).isDisabled());
    await page.getByText('stop its consumers first').waitFor();
    await looksGood(page, 'group');
    await one.leave();
    await page.getByText('No members', { exact: true }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Reset offsets' }).isEnabled());
  });

  it('draws the lag of the last hour, with gaps', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, RECORDS);
    const group = await newIdleGroup(topic, 1, 0);
    const page = await newPage(t);
    const now = Date.now();
    const lag = Array.from({ length: 60 }, (_, i) => (i < 10 ? null : i));
    await answer(page, (url) => url.pathname === path(group) + '/history', 200, {
      interval_seconds: 60,
      times: lag.map((_, i) => now - (59 - i) * 60_000),
      partitions: [{ topic, partition: 0, lag }],
      lag,
      complete: true,
    });

    await open(page, path(group));

    await page.getByRole('img', { name: 'Lag in the last hour. all partitions: now 59, at most 59' }).waitFor();
    await page.getByRole('img', { name: 'Lag of ' + topic + ' 0: now 59, at most 59' }).waitFor();
    await page.locator('.spark canvas').waitFor();
    await looksGood(page, 'group-history');
  });

  it('is reset to the earliest after a look, by keyboard', async (t) => {
    const { group, page, dialog } = await reset(t);
    await page.waitForFunction(() => document.activeElement?.getAttribute('type') === 'radio');

    await page.keyboard.press('Enter');

    const plan = await awaitRows(page, 'From and to', (all) => all.length === 3);
    assert.deepEqual(
      plan.map((row) => row.slice(1)),
      [0, 1, 2].map((partition) => [String(partition), '10', '0', '−10', '30']),
    );
    await dialog.getByText('30 records would be read again').waitFor();
    assert.deepEqual(await committed(group), [10, 10, 10], 'a look has changed something');
    const call = await dialog.locator('pre').innerText();
    assert.ok(call.includes('curl -X PUT') && call.includes('"partition":2,"offset":0}'), call);
    await looksGood(page, 'group-reset-plan');
    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).focus();
    await page.keyboard.press('Enter');

    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await committed(group), [0, 0, 0]);
    await awaitRows(page, 'Partitions', (all) => all.every((row) => row[2] === '0'));
  });

  it('is reset to the latest', async (t) => {
    const { group, dialog } = await reset(t);

    await dialog.getByLabel('Latest').check();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('60 records would be skipped').waitFor();
    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).click();

    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await committed(group), [RECORDS, RECORDS, RECORDS]);
  });

  it('is reset by a shift in some partitions', async (t) => {
    const { topic, group, page, dialog } = await reset(t);

    await dialog.getByLabel('Shift').check();
    await dialog.getByLabel('Records').fill('-4');
    await dialog.getByLabel('some').check();
    await dialog.getByText('0 partitions chosen').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Preview' }).isDisabled());
    await dialog.getByRole('checkbox', { name: topic + ' partition 1' }).check();
    await dialog.getByRole('grid', { name: 'Partitions to reset' }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await dialog.getByText('2 partitions chosen').waitFor();
    await looksGood(page, 'group-reset');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    const plan = await awaitRows(page, 'From and to', (all) => all.length === 2);
    assert.deepEqual(
      plan.map((row) => row.slice(1, 4)),
      [
        ['1', '10', '6'],
        ['2', '10', '6'],
      ],
    );
    await dialog.getByRole('button', { name: 'Back' }).click();
    await dialog.getByText('2 partitions chosen').waitFor();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    let lost = false;
    await page.route(
      (url) => url.pathname.endsWith('/offsets'),
      async (route) => {
        const response = await route.fetch();
        await (lost ? route.fulfill({ response }) : route.abort());
        lost = true;
      },
    );
    await dialog.getByRole('button', { name: 'Reset 2 partitions' }).click();
    await dialog.getByRole('alert').first().waitFor();
    await dialog.getByRole('button', { name: 'Reset 2 partitions' }).click();

    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await committed(group), [10, 6, 6], 'a repetition has moved once more');
  });

  it('is reset to a time, which is shown in UTC, too', async (t) => {
    const { group, dialog } = await reset(t);

    await dialog.getByLabel('Time').first().check();
    await dialog.getByLabel('Time in your zone').fill('2099-06-01T12:00:01');
    await dialog.getByText('2099-06-01 10:00:01 UTC').waitFor();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).click();

    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await committed(group), [RECORDS, RECORDS, RECORDS]);
  });

  it('is reset to an offset, and says so if nothing is there', async (t) => {
    const { group, page, dialog } = await reset(t);

    await dialog.getByLabel('Offset', { exact: true }).first().check();
    const offset = dialog.getByRole('textbox', { name: 'Offset' });
    await offset.fill('many');
    await dialog.getByText('A whole number, 0 or more.').waitFor();
    await offset.fill('9999');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('alert').getByText('there is no record at this offset').waitFor();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Back' }).click();
    await offset.fill('12');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).click();

    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await committed(group), [12, 12, 12]);
  });

  it('says that it is not reset when a member has come meanwhile', async (t) => {
    const { topic, group, dialog } = await reset(t);
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).waitFor();
    const one = await newGroup([topic], group);
    await one.poll();

    await dialog.getByRole('button', { name: 'Reset 3 partitions' }).click();

    await dialog.getByText('GROUP_NOT_EMPTY').waitFor();
    await one.leave();
  });

  it('is deleted after its name is typed', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, 1);
    const group = await newIdleGroup(topic, 1, 0, newName('gone') + ODD);
    const page = await newPage(t);
    await open(page, path(group));

    await page.getByRole('button', { name: 'Delete group' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill(group);
    await looksGood(page, 'group-delete');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
    await assert.rejects(api('GET', path(group)), /GROUP_NOT_FOUND/);
  });

  it('says that a group does not exist', async (t) => {
    const page = await newPage(t);

    await open(page, '/groups/' + encodeURIComponent('none ' + ODD));

    await page.getByRole('alert').getByText('GROUP_NOT_FOUND').waitFor();
    await accessible(page);
  });

  it('shows no buttons to somebody who may only use it, or change nothing', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, 1);
    const group = await newIdleGroup(topic, 1, 0);
    const uses = { access: 'required', principal: 'bob', administrator: false, roles: [] };
    const page = await newPage(t);
    await session(page, { ...uses, rights: { topics: {}, groups: { [group]: ['use'] } } });
    await open(page, path(group));
    await page.getByRole('button', { name: 'Reset offsets' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Delete group' }).count(), 0);

    const other = await newPage(t);
    await session(other, { read_only: true });
    await open(other, path(group));
    await awaitRows(other, 'Partitions', (all) => all.length === 1);

    assert.equal(await other.getByRole('button', { name: /Reset|Delete/ }).count(), 0);
  });

  it('searches among 10,000 partitions, of which only those in sight are elements', async (t) => {
    const topic = await newTopic(1);
    await produce(topic, 1, 1);
    const group = await newIdleGroup(topic, 1, 0);
    const page = await newPage(t);
    await page.route(
      (url) => url.pathname === path(group),
      async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        body.offsets = Array.from({ length: MANY }, (_, i) => ({
          ...body.offsets[0],
          topic: 'topic.' + (i % 100),
          partition: Math.floor(i / 100),
          lag: i,
        }));
        await route.fulfill({ response, json: body });
      },
    );
    await open(page, path(group));
    const grid = page.getByRole('grid', { name: 'Partitions' });
    await grid.focus();
    await page.keyboard.press('End');
    await awaitRows(page, 'Partitions', (all) => all.at(-1)?.[4] === '9,999' && all.length < 60);

    await page.getByRole('searchbox').fill('topic.42');
    await awaitRows(page, 'Partitions', (all) => all.length > 0 && all.every((row) => row[0] === 'topic.42'));

    assert.equal(await grid.getAttribute('aria-rowcount'), '101');
    await accessible(page);
  });
});
