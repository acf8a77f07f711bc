// @ts-check
/** The configuration of topics in words, and words as configuration. */
import { UNKNOWN, bytes, duration } from './format.js';

/**
 * - `duration`: milliseconds, -1 for ever.
 * - `size`: bytes; `unlimited` where -1 is no limit.
 * - `choice`: one of its values.
 * - `fixed`: it has one value only.
 *
 * @typedef {{
 *   name: string, title: string, kind: 'duration' | 'size' | 'choice' | 'fixed', unlimited?: string,
 *   choices?: {value: string, title: string}[], hint: string,
 * }} Setting
 */

/** Those that have an effect. @type {Setting[]} */
export const SETTINGS = [
  {
    name: 'retention.ms',
    title: 'Kept for',
    kind: 'duration',
    unlimited: 'for ever',
    hint: 'Older records are deleted. For example 7 d, 36 h, 90 min, or for ever.',
  },
  {
    name: 'retention.bytes',
    title: 'Kept per partition',
    kind: 'size',
    unlimited: 'no limit',
    hint: 'The oldest records of a partition over this size, before compression, are deleted. For example 10 GiB, or no limit.',
  },
  {
    name: 'max.message.bytes',
    title: 'Largest record',
    kind: 'size',
    hint: 'Key, value and headers of one record, as its client sends them: at most 100 MiB.',
  },
  {
    name: 'message.timestamp.type',
    title: 'Timestamps',
    kind: 'choice',
    choices: [
      { value: 'CreateTime', title: 'as the producer sets them' },
      { value: 'LogAppendTime', title: 'when the record is appended' },
    ],
    hint: 'CreateTime or LogAppendTime.',
  },
  {
    name: 'cleanup.policy',
    title: 'Clean-up',
    kind: 'fixed',
    choices: [{ value: 'delete', title: 'records are deleted when they expire' }],
    hint: '',
  },
];

/**
 * A value in words.
 *
 * @param {Setting | undefined} setting undefined for one without an effect
 * @param {string} value
 * @returns {string}
 */
export function inWords(setting, value) {
  if (!setting) {
    return value;
  }
  if (setting.kind === 'choice' || setting.kind === 'fixed') {
    return setting.choices?.find((choice) => choice.value === value)?.title ?? value;
  }
  const n = Number(value);
  if (value === '' || !Number.isFinite(n)) {
    return value;
  }
  if (n === -1 && setting.unlimited) {
    return setting.unlimited;
  }
  return setting.kind === 'duration' ? duration(n) : bytes(n);
}

/** @type {Record<string, number>} */
const SPANS = { ms: 1, s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** @type {Record<string, number>} */
const SIZES = {
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
  t: 2 ** 40,
  tb: 1e12,
  tib: 2 ** 40,
};

/**
 * What somebody typed as the value that the API takes: `1 d 12 h` as 129600000. A number without a unit is meant as it is.
 *
 * @param {Setting | undefined} setting
 * @param {string} typed
 * @returns {string | null} null if it cannot be understood
 */
export function asValue(setting, typed) {
  const text = typed.trim();
  if (!setting || setting.kind === 'choice' || setting.kind === 'fixed') {
    return text;
  }
  const lower = text.toLowerCase();
  if (
    setting.unlimited &&
    (lower === setting.unlimited || lower === 'forever' || lower === 'unlimited' || lower === '-1')
  ) {
    return '-1';
  }
  if (/^\d+$/.test(lower)) {
    return lower;
  }
  const units = setting.kind === 'duration' ? SPANS : SIZES;
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/.test(lower)) {
    return null;
  }
  let sum = 0;
  for (const [, amount, unit] of lower.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    if (!Object.hasOwn(units, unit)) {
      return null;
    }
    sum += Number(amount) * units[unit];
  }
  return Number.isSafeInteger(Math.round(sum)) ? String(Math.round(sum)) : null;
}

/**
 * When the oldest record goes, in words.
 *
 * @param {number | null} oldest milliseconds since 1970
 * @param {string | undefined} retention the value of retention.ms
 * @param {number} now
 * @returns {{age: string, goes: string | null}} `goes` is null where that is not known
 */
export function fate(oldest, retention, now) {
  if (oldest === null) {
    return { age: UNKNOWN, goes: null };
  }
  const age = duration(Math.max(0, now - oldest));
  const kept = Number(retention);
  if (retention === undefined || retention === '' || !Number.isFinite(kept)) {
    return { age, goes: null };
  }
  if (kept < 0) {
    return { age, goes: 'stays for ever' };
  }
  const left = oldest + kept - now;
  return { age, goes: left > 0 ? 'goes in ' + duration(left) : 'goes with the next run of retention' };
}
