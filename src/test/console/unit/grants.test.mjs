// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValid, matches, whoMay } from '../../../main/resources/web/console/logic/grants.js';

test('a pattern is a name, a beginning or all', () => {
  assert.ok(matches('orders', 'orders') && !matches('orders', 'orders.eu'));
  assert.ok(matches('orders.*', 'orders.eu') && !matches('orders.*', 'orders'));
  assert.ok(matches('*', 'anything'));
  assert.ok(!matches('', 'orders'));
});

test('rights come from rules and from the roles of tokens that are valid', () => {
  const who = whoMay({
    kind: 'topic',
    name: 'orders.eu',
    now: Date.parse('2026-01-01T00:00:00Z'),
    rules: [
      { id: 1, principal: 'billing', right: 'read', topic: 'orders.*' },
      { id: 2, role: 'auditor', right: 'read', topic: '*' },
      { id: 3, principal: 'ci', right: 'use', group: '*' },
      { id: 4, principal: 'ci', right: 'write', topic: 'payments' },
    ],
    tokens: [
      { id: 'a', principal: 'eve', roles: ['auditor', 'writer'] },
      { id: 'b', principal: 'old', roles: ['admin'], expires_at: '2025-01-01T00:00:00Z' },
      { id: 'c', principal: 'gone', roles: ['admin'], revoked_at: '2025-01-01T00:00:00Z' },
    ],
  });
  assert.deepEqual(
    who.filter((each) => each.kind === 'principal'),
    [
      { kind: 'principal', name: 'billing', rights: { read: ['rule 1'] } },
      {
        kind: 'principal',
        name: 'eve',
        rights: { read: ['role auditor of token a, rule 2'], write: ['role writer of token a'] },
      },
    ],
  );
  assert.deepEqual(
    who.filter((each) => each.kind === 'role').map(({ name }) => name),
    ['admin', 'auditor', 'reader', 'writer'],
  );
  assert.deepEqual(Object.keys(who.find(({ name }) => name === 'admin')?.rights ?? {}), ['read', 'write', 'manage']);
});

test('a token is valid until it expires or is revoked', () => {
  const token = { id: 'a', principal: 'p', roles: [] };
  assert.ok(isValid({ ...token, expires_at: null, revoked_at: null }, 0));
  assert.ok(!isValid({ ...token, expires_at: '1970-01-01T00:00:00Z' }, 0));
  assert.ok(!isValid({ ...token, revoked_at: '1970-01-01T00:00:00Z' }, 0));
});
