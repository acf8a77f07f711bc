// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decode,
  encode,
  fromHex,
  isBase64,
  peek,
  sizeOf,
  toHex,
  utf8,
} from '../../../main/resources/web/console/logic/base64.js';
import {
  base64Within,
  cloudEventOf,
  parseId,
  preview,
  recordHref,
  rowOf,
  sizeOfRow,
  visible,
} from '../../../main/resources/web/console/logic/record.js';
import { literal, selectRecord } from '../../../main/resources/web/console/logic/sql.js';

const b64 = (/** @type {string} */ text) => encode(utf8(text));
const row = (/** @type {Partial<Parameters<typeof rowOf>[0]>} */ of) =>
  rowOf({ partition: 0, offset: 7, timestamp: 0, key: null, value: null, ...of });

test('bytes survive base64 and hex', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) & 0xff);
  assert.deepEqual(decode(encode(bytes)), bytes);
  assert.deepEqual(fromHex(toHex(bytes)), bytes);
  assert.deepEqual(fromHex('0a FF\n'), Uint8Array.of(10, 255));
  assert.equal(fromHex('0a f'), null);
  assert.equal(fromHex('zz'), null);
  for (const text of ['', 'a', 'ab', 'abc', 'abcd']) {
    assert.equal(sizeOf(b64(text)), text.length);
    assert.ok(isBase64(b64(text)));
  }
  assert.ok(!isBase64('abc') && !isBase64('a=bc') && !isBase64('ab c'));
  assert.equal(peek(b64('abcdefghij'), 4).length, 6);
});

test('a preview shows text, bytes, nothing and the empty as what they are', () => {
  assert.deepEqual(preview(null), { kind: 'none', text: '', size: 0, cut: false });
  assert.deepEqual(preview(''), { kind: 'empty', text: '', size: 0, cut: false });
  assert.deepEqual(preview(b64('a\nb')), { kind: 'text', text: 'a b', size: 3, cut: false });
  assert.deepEqual(preview(encode(Uint8Array.of(0xff, 0, 1))), {
    kind: 'bytes',
    text: 'ff 00 01',
    size: 3,
    cut: false,
  });
  const long = preview(b64('ü'.repeat(1000)), 10);
  assert.equal(long.kind, 'text');
  assert.equal(long.text, 'ü'.repeat(6));
  assert.ok(long.cut);
});

test('what cannot be seen is shown', () => {
  assert.equal(visible('a\u202eb\u0000\u200b\ufeff'), 'a\\u202eb\\u0000\\u200b\\ufeff');
});

test('a CloudEvent is recognised in both modes', () => {
  const headers = ['specversion', 'id', 'source', 'type'].map((name) => ({ key: 'ce_' + name, value: b64('x') }));
  const binary = cloudEventOf(
    row({ headers: [...headers, { key: 'content-type', value: b64('text/plain') }] }),
    undefined,
  );
  assert.equal(binary?.mode, 'binary');
  assert.deepEqual(binary?.attributes.at(-1), ['datacontenttype', 'text/plain']);
  const event = { specversion: '1.0', id: '1', source: '/a', type: 't', data: {}, n: 1 };
  assert.deepEqual(cloudEventOf(row({}), event), {
    mode: 'structured',
    attributes: [
      ['specversion', '1.0'],
      ['id', '1'],
      ['source', '/a'],
      ['type', 't'],
      ['n', '1'],
    ],
  });
  assert.equal(cloudEventOf(row({ headers: headers.slice(1) }), { id: 1 }), null);
  assert.equal(cloudEventOf(row({ headers: [{ key: 'ce_id', value: null }] }), null), null);
});

test('base64 within a value is recognised, and words are left alone', () => {
  assert.deepEqual(base64Within(b64('something longer')), utf8('something longer'));
  assert.deepEqual(base64Within('"' + b64('something longer') + '"'), utf8('something longer'));
  assert.equal(base64Within('internationalize'), null);
  assert.equal(base64Within('1234567890123456'), null);
  assert.equal(base64Within('{"a": 1, "b": 22}'), null);
});

test('sizes count keys, values and headers', () => {
  assert.equal(sizeOfRow(row({ key: b64('ab'), value: b64('abc'), headers: [{ key: 'ü', value: b64('x') }] })), 8);
});

test('a record has a URL, which its id comes back from', () => {
  assert.equal(recordHref('a.b', 1, 42), '/console/topics/a.b/records?partition=1&from=42&order=asc&record=1%3A42');
  assert.deepEqual(parseId('1:42'), { partition: 1, offset: 42 });
  assert.equal(parseId('1:-2'), null);
  assert.equal(parseId(null), null);
});

test('SQL quotes, and converts only what PostgreSQL can show as text', () => {
  assert.equal(literal("o'clock\\"), "'o''clock\\'");
  assert.equal(
    selectRecord('orders', { partition: 2, offset: 9, key: b64('k'), value: b64('{"a": 1}') }),
    'SELECT "offset", "timestamp", convert_from(key, \'UTF8\') AS key,\n' +
      "       convert_from(value, 'UTF8')::json AS value,\n" +
      '       header_keys, header_values\n' +
      "  FROM trunkline.read('orders', 2, 9, 10);",
  );
  const bytes = selectRecord('t', { partition: 0, offset: 0, key: null, value: encode(Uint8Array.of(0x61, 0)) });
  assert.match(bytes, /"timestamp", key,\n +value,/);
});
