// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, parse, parsePath } from '../../../main/resources/web/console/logic/filter.js';

test('a filter becomes rows, and rows become the filter', () => {
  const text =
    'header.type = "created" and key ^= "order-" and value.items[0]["first name"] = -1.50e3 and exists(value.vat) and value = null';
  const { terms } = parse(text);
  assert.deepEqual(terms, [
    { part: 'header', name: 'type', path: [], test: '=', kind: 'text', literal: 'created' },
    { part: 'key', name: '', path: [], test: '^=', kind: 'text', literal: 'order-' },
    { part: 'value', name: '', path: ['items', 0, 'first name'], test: '=', kind: 'number', literal: '-1.50e3' },
    { part: 'value', name: '', path: ['vat'], test: 'exists', kind: 'text', literal: '' },
    { part: 'value', name: '', path: [], test: '=', kind: 'word', literal: 'null' },
  ]);
  assert.equal(format(terms ?? []), text);
});

test('what people type is quoted so that it cannot end the literal', () => {
  const literal = `a" and key = 'x\\ \n \u{1f600}`;
  const term = {
    part: /** @type {const} */ ('header'),
    name: 'x:y"]',
    path: [],
    test: /** @type {const} */ ('='),
    kind: /** @type {const} */ ('text'),
    literal,
  };
  assert.deepEqual(parse(format([term])).terms, [term]);
});

test('single quotes, escapes and space are read', () => {
  assert.equal(parse(`value [ 'a' ] = 'it\\'s \\u00fc'`).problem?.at, 7);
  assert.equal(parse(`value[ 'a' ] = 'it\\'s \\u00fc'`).terms?.[0].literal, "it's ü");
  assert.equal(parse(`exists( header["a.b"] )`).terms?.[0].name, 'a.b');
  assert.deepEqual(parse('  ').terms, []);
});

test('a problem says at which character it is', () => {
  assert.deepEqual(parse('value.total > 5').problem, {
    at: 13,
    message: 'expected "=" (equals) or "^=" (begins with)',
  });
  assert.equal(parse('key = "\u{1f600}" or key = "b"').problem?.at, 11);
  assert.equal(parse('key = 5').problem?.message, 'keys and headers are compared with strings in quotes');
  assert.equal(parse('key = "a').problem?.message, 'a string has no end');
  assert.equal(parse('value.a = 01').problem?.at, 11);
  assert.equal(parse('value.a == 1').problem?.at, 9);
  assert.equal(parse('name = "a"').problem?.at, 1);
  assert.equal(parse(Array(9).fill('exists(key)').join(' and ')).problem?.message, 'a filter has at most 8 terms');
});

test('a path is what the form takes', () => {
  assert.deepEqual(parsePath('customer.country').path, ['customer', 'country']);
  assert.deepEqual(parsePath('[0].sku').path, [0, 'sku']);
  assert.deepEqual(parsePath('["first name"]').path, ['first name']);
  assert.deepEqual(parsePath(' ').path, []);
  assert.equal(parsePath('a b').problem?.at, 2);
  assert.equal(parsePath('a..b').problem?.at, 3);
});
