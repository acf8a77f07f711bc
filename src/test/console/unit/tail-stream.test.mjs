// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TailStream } from '../../../main/resources/web/console/logic/tail-stream.js';

class FakeSource extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    this.readyState = 0;
  }

  /** @param {string} type @param {any} [data] @param {string} [lastEventId] */
  emit(type, data, lastEventId = '') {
    const text = data === undefined ? undefined : JSON.stringify(data);
    this.dispatchEvent(Object.assign(new Event(type), { data: text, lastEventId }));
  }

  close() {
    this.readyState = 2;
  }
}

function setUp({ probe = async () => {} } = {}) {
  /** @type {FakeSource[]} */
  const sources = [];
  /** @type {any[]} */
  const records = [];
  /** @type {string[]} */
  const notices = [];
  const stream = new TailStream({
    url: (cursor) => `/records?cursor=${cursor}`,
    open: (url) => {
      const source = new FakeSource(url);
      sources.push(source);
      return source;
    },
    probe,
    onRecord: (record) => records.push(record),
    onNotice: (notice) => notices.push(notice.kind),
    onState: () => {},
    firstWaitMs: 0,
  });
  stream.start();
  return { stream, sources, records, notices };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('records and what the service says come through', () => {
  const { stream, sources, records, notices } = setUp();
  sources[0].emit('open');
  assert.equal(stream.state, 'open');
  sources[0].emit('message', { offset: 1 }, 'c1');
  sources[0].emit('overtaken', { partition: 0, expected: 3, actual: 7 }, 'c2');
  sources[0].emit('recreated', { topic: 't' }, 'c3');
  assert.deepEqual(records, [{ offset: 1 }]);
  assert.deepEqual(notices, ['overtaken', 'recreated']);
  assert.equal(stream.cursor, 'c3');
});

test('a lost connection is the matter of the browser, and an end for good is final', () => {
  const { stream, sources } = setUp();
  sources[0].emit('error');
  assert.equal(stream.state, 'reconnecting');
  sources[0].emit('error', { code: 'REPLICA_STOPPING', message: 'stops' });
  assert.equal(stream.state, 'reconnecting');
  sources[0].emit('error', { code: 'TOPIC_NOT_FOUND', message: 'gone' });
  assert.equal(stream.state, 'ended');
  assert.equal(stream.reason?.code, 'TOPIC_NOT_FOUND');
  assert.equal(sources[0].readyState, 2);
});

test('after a refusal the stream goes on behind its last event, when the service lets it', async () => {
  const { stream, sources, records } = setUp();
  sources[0].emit('open');
  sources[0].emit('message', { offset: 1 }, 'c1');
  sources[0].readyState = 2;
  sources[0].emit('error');
  await settled();
  assert.equal(sources[1].url, '/records?cursor=c1');
  sources[1].emit('open');
  sources[0].emit('message', { offset: 9 }, 'old');
  sources[1].emit('message', { offset: 2 }, 'c2');
  assert.deepEqual(records, [{ offset: 1 }, { offset: 2 }]);
  stream.stop();
});

test('a refusal that stays ends the stream with its reason', async () => {
  const { stream, sources } = setUp({
    probe: () => Promise.reject(Object.assign(new Error('bad filter'), { status: 400, code: 'INVALID_PARAMETER' })),
  });
  sources[0].readyState = 2;
  sources[0].emit('error');
  await settled();
  assert.equal(stream.state, 'ended');
  assert.equal(sources.length, 1);
});

test('what may be missing is said', async () => {
  const { stream, sources, notices } = setUp();
  sources[0].emit('open');
  sources[0].readyState = 2;
  sources[0].emit('error');
  await settled();
  assert.deepEqual(notices, ['gap']);
  stream.stop();
});

test('a stream that was stopped stays so', async () => {
  const { stream, sources } = setUp();
  sources[0].readyState = 2;
  sources[0].emit('error');
  stream.stop();
  await settled();
  assert.equal(sources.length, 1);
  assert.equal(stream.state, 'ended');
});
