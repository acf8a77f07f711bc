// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf, steps, textAt } from '../../../main/resources/web/console/logic/json-scan.js';

test('whatever JSON.parse takes is valid, and nothing else', () => {
  const texts = [
    '1',
    '-0',
    '1.10',
    '1e5',
    '"a"',
    '"\\u00fc\\n\\/"',
    '[]',
    '{}',
    ' [1, {"a": [null, true, false]}] ',
    '{"a":{"b":[[],[{}]]}}',
    '',
    ' ',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '1 2',
    'nul',
    'nullx',
    'True',
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12"',
    '"a\tb"',
    '[1,]',
    '[,1]',
    '[1',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{"a":1]',
    '[1}',
    '1,',
    ']',
    '{"a":1 "b":2}',
    '\u00a01',
    '[1 2]',
    '{"a"::1}',
    '{"a":1,,"b":2}',
    '"\u2028"',
    '1.5e+3',
    '1.5e+',
    '--1',
    '0x10',
    'NaN',
    '[[[[]]]]',
    '[]]',
    '\ufeff1',
  ];
  for (const text of texts) {
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    assert.equal(faultOf(text) === null, valid, JSON.stringify(text));
  }
});

test('a fault says where it is', () => {
  assert.deepEqual(faultOf('{\n  "a": 1,\n  "b": tru\n}'), {
    at: 19,
    line: 3,
    column: 8,
    message: 'a value is expected: an object, an array, a string in double quotes, a number, true, false or null',
  });
  assert.equal(faultOf('{"a": "x')?.message, 'the string has no end');
  assert.equal(faultOf('[1')?.message, '"," or "]" is expected, and the text ends');
});

test('depth and length exhaust nothing', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  assert.equal(faultOf(deep), null);
  const long = JSON.stringify('a\n'.repeat(1_000_000));
  assert.equal(faultOf(long), null);
});

test('a part keeps its exact text', () => {
  const text = '{"id": 1.10, "a/b": {"~": [1, 12345678901234567890]}, "id": "\\u00e4"}';
  assert.equal(textAt(text, /** @type {string[]} */ (steps('/id'))), '"\\u00e4"');
  assert.equal(textAt(text, /** @type {string[]} */ (steps('/a~1b/~0/1'))), '12345678901234567890');
  assert.equal(textAt(text, []), text);
  assert.equal(textAt(text, ['nothing']), null);
  assert.equal(textAt(text, ['a/b', '~', '2']), null);
  assert.equal(textAt(text, ['a/b', '~', '01']), null);
  assert.equal(textAt('1', ['a']), null);
  assert.equal(steps('id'), null);
  assert.equal(steps('/a~2'), null);
  assert.deepEqual(steps('/'), ['']);
});
