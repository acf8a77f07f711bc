// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowOf } from '../../../main/resources/web/console/logic/record.js';
import { TailBuffer } from '../../../main/resources/web/console/logic/tail-buffer.js';

const row = (/** @type {number} */ offset, value = '') =>
  rowOf({ partition: 0, offset, timestamp: 0, key: null, value });

test('the newest records stay, newest first', () => {
  const buffer = new TailBuffer({ mostRows: 3 });
  for (let i = 0; i < 10; i++) {
    buffer.push(row(i), 0);
  }
  assert.deepEqual(
    buffer.rows().map((r) => r.offset),
    [9, 8, 7],
  );
  assert.equal(buffer.gone, 7);
  assert.equal(buffer.received, 10);
  assert.equal(buffer.missed, 0);
});

test('what comes in a pause is kept, and what had to go is counted', () => {
  const buffer = new TailBuffer({ mostRows: 3 });
  buffer.push(row(0), 0);
  buffer.pause();
  for (let i = 1; i < 6; i++) {
    buffer.push(row(i), 0);
  }
  assert.deepEqual(
    buffer.rows().map((r) => r.offset),
    [0],
  );
  assert.equal(buffer.held.size, 3);
  assert.equal(buffer.missed, 2);

  buffer.resume();

  assert.deepEqual(
    buffer.rows().map((r) => r.offset),
    [5, 4, 3],
  );
  assert.equal(buffer.held.size, 0);
});

test('memory is bounded by bytes too, but the newest record stays', () => {
  const buffer = new TailBuffer({ mostRows: 100, mostBytes: 5000 });
  for (let i = 0; i < 10; i++) {
    buffer.push(row(i, 'x'.repeat(2000)), 0);
  }
  assert.deepEqual(
    buffer.rows().map((r) => r.offset),
    [9, 8],
  );
  buffer.push(row(10, 'x'.repeat(9000)), 0);
  assert.deepEqual(
    buffer.rows().map((r) => r.offset),
    [10],
  );
});

test('many records cost no memory that is not bounded', () => {
  const buffer = new TailBuffer({ mostRows: 10 });
  for (let i = 0; i < 100_000; i++) {
    buffer.push(row(i), i);
  }
  assert.ok(buffer.shown.queue.length <= 22);
  assert.ok(buffer.perSecond.size <= 12);
});

test('the rate is that of the last ten whole seconds', () => {
  const buffer = new TailBuffer();
  for (let second = 0; second < 20; second++) {
    for (let i = 0; i < 5; i++) {
      buffer.push(row(0), second * 1000 + i);
    }
  }
  assert.equal(buffer.rate(20_000), 5);
  assert.equal(buffer.rate(25_000), 2.5);
  assert.equal(buffer.rate(60_000), 0);
});
