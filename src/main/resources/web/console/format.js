// @ts-check
/** Numbers, sizes and times as people read them. What is not known is a dash, never a zero. */
import { html } from './html.js';

export const UNKNOWN = '–';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
/** @type {[string, number][]} */
const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** @param {any} n @returns {n is number} */
function known(n) {
  return typeof n === 'number' && Number.isFinite(n);
}

/** @param {number} n */
function short(n) {
  return new Intl.NumberFormat('en', {
    maximumFractionDigits: Math.abs(n) < 10 ? 2 : Math.abs(n) < 100 ? 1 : 0,
  }).format(n);
}

/**
 * @param {number | null | undefined} n bytes
 * @returns {string} with a binary unit: 1.5 MiB
 */
export function bytes(n) {
  if (!known(n)) {
    return UNKNOWN;
  }
  let unit = 0;
  let size = n;
  while (Math.abs(size) >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return (unit === 0 ? whole.format(size) : short(size)) + ' ' + UNITS[unit];
}

/**
 * @param {number | null | undefined} n
 * @returns {string} a whole number: 1,234,567
 */
export function count(n) {
  return known(n) ? whole.format(n) : UNKNOWN;
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 * @returns {string} 1 topic, 2 topics
 */
export function counted(n, one, many = one + 's') {
  return count(n) + ' ' + (n === 1 ? one : many);
}

/**
 * @param {number | null | undefined} n a second
 * @returns {string} 1,234/s
 */
export function rate(n) {
  return known(n) ? (n !== 0 && Math.abs(n) < 0.01 ? '< 0.01' : short(n)) + '/s' : UNKNOWN;
}

/**
 * @param {number | null | undefined} n bytes a second
 * @returns {string} 1.5 MiB/s
 */
export function byteRate(n) {
  return known(n) ? bytes(n) + '/s' : UNKNOWN;
}

/**
 * @param {number | null | undefined} ms milliseconds
 * @returns {string} its two largest units: 6 d 3 h
 */
export function duration(ms) {
  if (!known(ms)) {
    return UNKNOWN;
  }
  const sign = ms < 0 ? '−' : '';
  let rest = Math.abs(ms);
  if (rest < 1_000) {
    return sign + whole.format(rest) + ' ms';
  }
  const first = SPANS.findIndex(([, length]) => rest >= length);
  const parts = [];
  for (const [unit, length] of SPANS.slice(first, first + 2)) {
    const n = Math.floor(rest / length);
    if (n > 0) {
      parts.push(whole.format(n) + ' ' + unit);
    }
    rest -= n * length;
  }
  return sign + parts.join(' ');
}

/**
 * @param {string | number | null | undefined} value an ISO 8601 time or milliseconds since 1970
 * @returns {number | null} milliseconds since 1970
 */
export function millis(value) {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  return known(ms) && Math.abs(ms) <= 8.64e15 ? ms : null;
}

/**
 * @param {string | number | null | undefined} value an ISO 8601 time or milliseconds since 1970
 * @param {number} [now]
 * @returns {string} 3 min ago, in 2 h, now
 */
export function ago(value, now = Date.now()) {
  const ms = millis(value);
  if (ms === null) {
    return UNKNOWN;
  }
  const past = now - ms;
  if (Math.abs(past) < 1_000) {
    return 'now';
  }
  return past > 0 ? duration(past) + ' ago' : 'in ' + duration(-past);
}

/** @param {number} n @param {number} width */
function pad(n, width = 2) {
  return String(n).padStart(width, '0');
}

/**
 * @param {string | number | null | undefined} value
 * @returns {string} in the reader's zone: 2026-12-01 14:03:15.250
 */
export function localTime(value) {
  const ms = millis(value);
  if (ms === null) {
    return UNKNOWN;
  }
  const t = new Date(ms);
  const date = pad(t.getFullYear(), 4) + '-' + pad(t.getMonth() + 1) + '-' + pad(t.getDate());
  const fraction = t.getMilliseconds() === 0 ? '' : '.' + pad(t.getMilliseconds(), 3);
  return date + ' ' + pad(t.getHours()) + ':' + pad(t.getMinutes()) + ':' + pad(t.getSeconds()) + fraction;
}

/**
 * @param {string | number | null | undefined} value
 * @returns {string} 2026-12-01 13:03:15.250 UTC
 */
export function utcTime(value) {
  const ms = millis(value);
  return ms === null
    ? UNKNOWN
    : new Date(ms).toISOString().replace('T', ' ').replace('.000Z', '').replace('Z', '') + ' UTC';
}

/**
 * A time in the reader's zone, with UTC as its title and when it has the focus.
 *
 * @param {{value: string | number | null | undefined, relative?: boolean, focus?: boolean}} props `relative` for "3 min ago";
 *   `focus: false` inside of rows, which have the focus as a whole
 */
export function Time({ value, relative = false, focus = true }) {
  const ms = millis(value);
  if (ms === null) {
    return html`<span class="unknown">${UNKNOWN}</span>`;
  }
  const title = relative ? localTime(ms) + ' · ' + utcTime(ms) : utcTime(ms);
  return html`<time class="time" datetime=${new Date(ms).toISOString()} title=${title} tabindex=${focus ? 0 : undefined}
    >${relative ? ago(ms) : localTime(ms)}${focus ? html`<span class="time-tip" aria-hidden="true">${title}</span>` : null}</time
  >`;
}
