// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, utf8 } from '../../../main/resources/web/console/logic/base64.js';
import {
  callOf,
  editable,
  linesOf,
  newIdempotencyKey,
  partProblem,
  problemsOf,
  readTimestamp,
} from '../../../main/resources/web/console/logic/message.js';

/** @typedef {import('../../../main/resources/web/console/logic/message.js').Draft} Draft */

/** @param {Partial<Draft>} of @returns {Draft} */
const draft = (of) => ({
  topic: 'orders',
  partition: '',
  timestamp: '',
  key: { kind: 'none', text: '' },
  value: { kind: 'json', text: '{"total": 1.10}' },
  headers: [],
  ...of,
});

test('JSON is sent as it was typed', () => {
  const call = callOf(draft({ key: { kind: 'json', text: ' "a" ' }, timestamp: '2026-01-31T12:00:00Z' }));
  assert.equal(call.type, 'application/vnd.kafka.json.v2+json');
  assert.equal(call.path, '/topics/orders');
  assert.equal(call.body, '{"records": [{"key": "a", "value": {"total": 1.10}, "timestamp": 1769860800000}]}');
});

test('text beside JSON takes the text format, and bytes the binary one', () => {
  const text = callOf(draft({ key: { kind: 'text', text: 'a"b' }, partition: '2' }));
  assert.equal(text.type, 'application/vnd.kafka.text.v2+json');
  assert.equal(text.path, '/topics/orders/partitions/2');
  assert.deepEqual(JSON.parse(text.body), { records: [{ key: 'a"b', value: '{"total": 1.10}' }] });

  const binary = callOf(
    draft({ key: { kind: 'original', text: '', bytes: Uint8Array.of(0, 255) }, value: { kind: 'none', text: '' } }),
  );
  assert.equal(binary.type, 'application/vnd.kafka.binary.v2+json');
  assert.deepEqual(JSON.parse(binary.body), { records: [{ key: 'AP8=', value: null }] });
});

test('headers are base64, or null', () => {
  const call = callOf(
    draft({
      headers: [
        { name: 'type', kind: 'text', text: 'ü' },
        { name: 'raw', kind: 'base64', text: 'AP8=' },
        { name: 'none', kind: 'none', text: 'x' },
      ],
    }),
  );
  assert.deepEqual(JSON.parse(call.body).records[0].headers, [
    { key: 'type', value: encode(utf8('ü')) },
    { key: 'raw', value: 'AP8=' },
    { key: 'none', value: null },
  ]);
});

test('each field says what is wrong with it', () => {
  assert.deepEqual(problemsOf(draft({})), {});
  const problems = problemsOf(
    draft({
      topic: 'a b',
      partition: '-1',
      timestamp: 'yesterday',
      key: { kind: 'base64', text: 'abc' },
      value: { kind: 'json', text: '{"a": }' },
      headers: [
        { name: 'ok', kind: 'text', text: '' },
        { name: 'bad', kind: 'base64', text: '?' },
      ],
    }),
  );
  assert.deepEqual(Object.keys(problems).sort(), ['headers', 'key', 'partition', 'timestamp', 'topic', 'value']);
  assert.match(problems.value ?? '', /^Line 1, column 7: a value is expected/);
  assert.deepEqual(Object.keys(problems.headers ?? {}), ['1']);
  assert.match(partProblem({ kind: 'json', text: ' null ' }, 'value') ?? '', /tombstone/);
  assert.match(partProblem({ kind: 'text', text: '\ud800' }, 'key') ?? '', /surrogate/);
  assert.equal(partProblem({ kind: 'hex', text: '0' }, 'key'), 'Not hexadecimal: two of 0–9 a–f for each byte.');
});

test('times are milliseconds or ISO 8601, and end with the year 9999', () => {
  assert.equal(readTimestamp('1500000000000').millis, 1500000000000);
  assert.equal(readTimestamp(' ').millis, null);
  assert.ok(readTimestamp('253402300800000').problem);
  assert.ok(readTimestamp('1').problem === null);
  assert.ok(readTimestamp('March 3').problem);
});

test('lines become one request, with keys by their exact text', () => {
  const { call, count } = linesOf({
    topic: 'orders',
    partition: '',
    kind: 'json',
    pointer: '/id',
    text: '{"id": 1.0, "x": 1.10}\r\n\n {"id": "a"} \n{"id": null}\n',
  });
  assert.equal(count, 3);
  assert.equal(
    call?.body,
    '{"records": [\n{"key": 1.0, "value": {"id": 1.0, "x": 1.10}},\n{"key": "a", "value": {"id": "a"}},\n{"value": {"id": null}}\n]}',
  );
});

test('bad lines are told by number, and nothing is sent', () => {
  const bad = linesOf({
    topic: 't',
    partition: '',
    kind: 'json',
    pointer: '/id',
    text: '{"id": 1}\n{"id" 2}\n{"no": 3}',
  });
  assert.equal(bad.call, null);
  assert.deepEqual(bad.problems, [
    'Line 2, column 7: ":" is expected behind a name.',
    'Line 3 has nothing at the pointer of the key.',
  ]);
  assert.match(linesOf({ topic: 't', partition: '', kind: 'json', pointer: 'id', text: '1' }).problems[0], /slash/);
  const many = linesOf({ topic: 't', partition: '', kind: 'text', pointer: '', text: 'x\n'.repeat(10_001) });
  assert.match(many.problems[0], /Line 10001: at most 10000/);
});

test('a text field is offered only where it gives the bytes back', () => {
  assert.deepEqual(editable(utf8('a\nb'), 'a\nb'), { kind: 'text', text: 'a\nb' });
  assert.deepEqual(editable(utf8('a\r\nb'), 'a\r\nb'), { kind: 'base64', text: 'YQ0KYg==' });
  assert.deepEqual(editable(Uint8Array.of(255), null), { kind: 'base64', text: '/w==' });
});

test('idempotency keys are UUIDs, and never the same', () => {
  const keys = Array.from({ length: 100 }, newIdempotencyKey);
  assert.equal(new Set(keys).size, 100);
  assert.match(keys[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
