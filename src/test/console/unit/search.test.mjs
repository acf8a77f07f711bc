// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutOfRange, Search } from '../../../main/resources/web/console/logic/search.js';

/**
 * A log in memory: a filter is `even`, and a page without matches looks at ten records.
 *
 * @param {number[][]} partitions timestamps by partition and offset
 */
function logOf(partitions) {
  const starts = partitions.map(() => 0);
  /** @type {string[]} */
  const calls = [];
  /** @type {any[]} */
  const failures = [];
  const record = (/** @type {number} */ partition, /** @type {number} */ offset) => ({
    partition,
    offset,
    timestamp: partitions[partition][offset],
    key: null,
    value: 'MQ==',
  });
  return {
    starts,
    calls,
    failures,
    extents: () =>
      partitions.map((times, partition) => ({ partition, logStart: starts[partition], end: times.length })),
    /** @type {import('../../../main/resources/web/console/logic/search.js').Source} */
    source: {
      async page({ partition, offset, order, filter, maxRecords }) {
        calls.push(`${partition}:${offset}`);
        const failure = failures.shift();
        if (failure) {
          throw failure;
        }
        const end = partitions[partition].length;
        if (offset < starts[partition] || offset > end) {
          throw new OutOfRange();
        }
        const records = [];
        let passed = 0;
        let next = offset;
        while (next >= starts[partition] && next < end && records.length < maxRecords && passed < 10) {
          if (filter === '' || next % 2 === 0) {
            records.push(record(partition, next));
          } else {
            passed++;
          }
          next += order === 'asc' ? 1 : -1;
        }
        return { records, passed, next: next < starts[partition] ? null : next };
      },
      async offsetAt(partition, time) {
        const found = partitions[partition].findIndex((at) => at >= time);
        return found < 0 ? partitions[partition].length : found;
      },
      async extent(partition) {
        return { partition, logStart: starts[partition], end: partitions[partition].length };
      },
    },
  };
}

/**
 * @param {ReturnType<typeof logOf>} log
 * @param {Partial<ConstructorParameters<typeof Search>[0]>} options
 */
function searchOf(log, options) {
  return new Search({
    partitions: log.extents(),
    order: 'desc',
    from: { kind: 'start' },
    filter: '',
    source: log.source,
    sleep: async () => {},
    ...options,
  });
}

const signal = new AbortController().signal;
const ids = (/** @type {Search} */ search) => search.rows.map((row) => row.id);

test('partitions are merged by time, newest first, and nothing is left out', async () => {
  const search = searchOf(logOf([[10, 30, 50], [20, 40], []]), {});

  await search.run(100, signal);

  assert.equal(search.status, 'done');
  assert.deepEqual(ids(search), ['0:2', '1:1', '0:1', '1:0', '0:0']);
  assert.equal(search.settled, 5);
  assert.equal(search.looked, 5);
  assert.equal(search.total, 5);
});

test('rows that others may still come before are not settled', async () => {
  const log = logOf([Array.from({ length: 100 }, (_, i) => 1000 + i), Array.from({ length: 100 }, (_, i) => i)]);
  const search = searchOf(log, { order: 'asc' });

  await search.run(10, signal);

  assert.equal(search.status, 'paused');
  assert.ok(search.settled >= 10);
  assert.ok(search.rows.slice(0, search.settled).every((row) => row.partition === 1));
  assert.ok(search.rows.slice(search.settled).length > 0);
});

test('a search goes on where it was stopped, and gives every record once', async () => {
  const log = logOf([Array.from({ length: 95 }, (_, i) => i), Array.from({ length: 61 }, (_, i) => i)]);
  const search = searchOf(log, { filter: 'even' });
  while (search.status !== 'done') {
    const stop = new AbortController();
    const running = search.run(7, stop.signal);
    await Promise.resolve();
    if (log.calls.length % 3 === 0) {
      stop.abort();
    }
    await running;
  }

  assert.equal(search.found, 48 + 31);
  assert.equal(new Set(ids(search)).size, 79);
  assert.equal(search.looked, 156);
  const times = search.rows.map((row) => row.timestamp);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => b - a),
  );
});

test('a time that goes back stays behind the record before it', async () => {
  const search = searchOf(logOf([[10, 50, 20], [30]]), { order: 'asc' });

  await search.run(10, signal);

  assert.deepEqual(ids(search), ['0:0', '1:0', '0:1', '0:2']);
});

test('a range begins at a time, in either order', async () => {
  const log = logOf([[10, 20, 30], [5], [40]]);
  const up = searchOf(log, { order: 'asc', from: { kind: 'time', time: 20 } });
  await up.run(10, signal);
  assert.deepEqual(ids(up), ['0:1', '0:2', '2:0']);
  assert.equal(up.total, 3);

  const down = searchOf(log, { order: 'desc', from: { kind: 'time', time: 20 } });
  await down.run(10, signal);
  assert.deepEqual(ids(down), ['0:0', '1:0']);
});

test('a range begins at an offset, or where it can be read next to it', async () => {
  const log = logOf([[0, 1, 2, 3, 4, 5]]);
  log.starts[0] = 2;
  const below = searchOf(log, { order: 'asc', from: { kind: 'offset', offset: 0 } });
  await below.run(10, signal);
  assert.deepEqual(ids(below), ['0:2', '0:3', '0:4', '0:5']);
  assert.match(below.notes[0], /begins at offset 2/);

  const down = searchOf(log, { from: { kind: 'offset', offset: 3 } });
  await down.run(10, signal);
  assert.deepEqual(ids(down), ['0:3', '0:2']);

  const beyond = searchOf(log, { order: 'asc', from: { kind: 'offset', offset: 9 } });
  await beyond.run(10, signal);
  assert.deepEqual(ids(beyond), []);
  assert.match(beyond.notes[0], /ends at offset 6/);
});

test('records that are removed before the search comes to them are told, never skipped in silence', async () => {
  const log = logOf([Array.from({ length: 50 }, (_, i) => i)]);
  const search = searchOf(log, { order: 'asc' });
  await search.run(5, signal);
  log.starts[0] = 20;

  await search.run(100, signal);

  assert.equal(search.status, 'done');
  assert.match(search.notes[0], /removed offsets 5 to 19 of partition 0/);
  assert.equal(search.found, 5 + 30);

  const down = searchOf(logOf([[0, 1, 2]]), {});
  down.lanes[0].position = 1;
  const gone = logOf([[0, 1, 2]]);
  gone.starts[0] = 3;
  down.source = gone.source;
  await down.run(10, signal);
  assert.equal(down.status, 'done');
  assert.match(down.notes[0], /removed offsets 0 to 1/);
});

test('a search holds no more than it may, and says so', async () => {
  const search = searchOf(logOf([Array.from({ length: 100 }, (_, i) => i)]), { mostRows: 30 });

  await search.run(1000, signal);

  assert.equal(search.status, 'limit');
  assert.equal(search.found, 30);
  assert.equal(search.resumable, false);

  const exact = searchOf(logOf([Array.from({ length: 30 }, (_, i) => i)]), { mostRows: 30 });
  await exact.run(1000, signal);
  assert.equal(exact.status, 'done', 'all of it has been looked at');

  const heavy = searchOf(logOf([Array.from({ length: 5000 }, (_, i) => i)]), { mostBytes: 1000 });
  await heavy.run(1000, signal);
  assert.equal(heavy.status, 'limit');
});

test('what passes by itself is waited for, and what does not ends the run but not the search', async () => {
  const log = logOf([[1, 2, 3]]);
  log.failures.push(
    Object.assign(new Error('later'), { status: 503 }),
    Object.assign(new Error('later'), { status: 429 }),
  );
  const waits = /** @type {number[]} */ ([]);
  const search = searchOf(log, { sleep: async (ms) => void waits.push(ms) });
  await search.run(10, signal);
  assert.equal(search.status, 'done');
  assert.deepEqual(waits, [500, 1000]);
  assert.equal(search.waiting, null);

  log.failures.push(Object.assign(new Error('bad filter'), { status: 400 }));
  const failing = searchOf(log, {});
  await failing.run(10, signal);
  assert.equal(failing.status, 'failed');
  assert.equal(failing.error.message, 'bad filter');
  await failing.run(10, signal);
  assert.equal(failing.found, 3);
});

test('what is appended after the search began is not part of it', async () => {
  const times = [1, 2, 3];
  const log = logOf([times]);
  const search = searchOf(log, { order: 'asc' });
  times.push(4, 5);

  await search.run(10, signal);

  assert.deepEqual(ids(search), ['0:0', '0:1', '0:2']);
  assert.equal(search.looked, 3);
});
