// @ts-check
/** Where a list of records begins, as its URL and its form say it. */

/** @typedef {import('./search.js').From} From */
/** @typedef {'asc' | 'desc'} Order */

/**
 * @param {string | null} text `earliest`, `latest`, an offset, or a time of ISO 8601; nothing for the natural beginning
 * @param {string | null} order `asc` or `desc`; if absent, offsets and times are read upwards, and everything else is newest first
 * @returns {{from: From, order: Order, problem: string | null}}
 */
export function readFrom(text, order) {
  const typed = (text ?? '').trim();
  const given = order === 'asc' || order === 'desc' ? order : null;
  if (typed === '' || typed === 'latest' || typed === 'earliest') {
    return { from: { kind: 'start' }, order: given ?? (typed === 'earliest' ? 'asc' : 'desc'), problem: null };
  }
  if (/^[0-9]{1,15}$/.test(typed)) {
    return { from: { kind: 'offset', offset: Number(typed) }, order: given ?? 'asc', problem: null };
  }
  const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(typed) ? Date.parse(typed) : NaN;
  if (Number.isNaN(time) || time < 0) {
    return {
      from: { kind: 'start' },
      order: given ?? 'desc',
      problem: 'An offset, or a time since 1970 such as 2026-01-31T12:00:00Z.',
    };
  }
  return { from: { kind: 'time', time }, order: given ?? 'asc', problem: null };
}

/**
 * A time as a field for local times takes it.
 *
 * @param {number} millis since 1970
 */
export function toLocalField(millis) {
  const shifted = new Date(millis - new Date(millis).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 23);
}

/**
 * @param {string} text of a field for local times
 * @returns {number | null} milliseconds since 1970; null where there is no whole time
 */
export function fromLocalField(text) {
  const time = text === '' ? NaN : new Date(text).getTime();
  return Number.isNaN(time) ? null : time;
}
