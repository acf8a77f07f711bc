// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRow, rowOfTerm } from '../../../main/resources/web/console/logic/filter.js';
import { fromLocalField, readFrom, toLocalField } from '../../../main/resources/web/console/logic/from.js';
import { safeTarget } from '../../../main/resources/web/console/logic/target.js';

test('a list begins at its end, an offset or a time, in the order that fits', () => {
  assert.deepEqual(readFrom(null, null), { from: { kind: 'start' }, order: 'desc', problem: null });
  assert.equal(readFrom('earliest', null).order, 'asc');
  assert.equal(readFrom('latest', 'asc').order, 'asc');
  assert.deepEqual(readFrom('42', null), { from: { kind: 'offset', offset: 42 }, order: 'asc', problem: null });
  assert.deepEqual(readFrom('2026-01-31T12:00:00Z', 'desc').from, { kind: 'time', time: 1769860800000 });
  assert.ok(readFrom('yesterday', null).problem);
  assert.ok(readFrom('1950-01-01', null).problem);
});

test('a local time survives its field', () => {
  for (const millis of [0, 1769860800123, 1790000000000]) {
    assert.equal(fromLocalField(toLocalField(millis)), millis);
  }
  assert.equal(fromLocalField(''), null);
  assert.equal(fromLocalField('2026-99-01T00:00'), null);
});

test('a login leads to views of the console only', () => {
  const origin = 'https://trunkline.example';
  assert.equal(safeTarget('/console/topics/a?x=1', origin), '/console/topics/a?x=1');
  for (const bad of [
    null,
    '',
    'https://evil.example/console/',
    '//evil.example/console/',
    '/\\evil.example/console/',
    'data:text/html,x',
    '/topics',
    '/console',
    '/console/../admin',
    '/console/login?to=x',
    'http://[',
  ]) {
    assert.equal(safeTarget(bad, origin), '/console/', String(bad));
  }
});

test('a row of the form becomes a term, or says what is missing', () => {
  const row = {
    part: /** @type {const} */ ('value'),
    place: 'items[0].sku',
    test: /** @type {const} */ ('='),
    kind: /** @type {const} */ ('number'),
    literal: ' 1.5 ',
  };
  const { term } = readRow(row);
  assert.deepEqual(term?.path, ['items', 0, 'sku']);
  assert.equal(term?.literal, '1.5');
  assert.deepEqual(term && rowOfTerm(term), { ...row, literal: '1.5' });
  assert.match(readRow({ ...row, literal: 'ten' }).literal ?? '', /number/);
  assert.match(readRow({ ...row, place: 'a b' }).place ?? '', /character 2/);
  assert.match(readRow({ ...row, part: 'header', place: '' }).place ?? '', /name/);
  assert.equal(readRow({ ...row, part: 'key', literal: 'ten' }).term?.kind, 'text');
});
