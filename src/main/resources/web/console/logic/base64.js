// @ts-check
/** Base64, as the service writes it (RFC 4648, section 4, with padding), and bytes. */

const CHUNK = 0x8000;
const WHOLE = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * How many bytes a base64 text stands for, without decoding it.
 *
 * @param {string} base64
 */
export function sizeOf(base64) {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/**
 * @param {string} base64
 * @returns {Uint8Array}
 * @throws {Error} when the text is not base64
 */
export function decode(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

/**
 * The first bytes, of which only so many are decoded: a list of large records must not decode them all.
 *
 * @param {string} base64
 * @param {number} count at most so many bytes, and two more
 * @returns {Uint8Array}
 */
export function peek(base64, count) {
  return decode(base64.slice(0, Math.ceil(count / 3) * 4));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encode(bytes) {
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(binary);
}

/**
 * Whether a text is base64 as {@link decode} takes it, the padding included.
 *
 * @param {string} text
 */
export function isBase64(text) {
  return text.length % 4 === 0 && WHOLE.test(text);
}

/**
 * Bytes as hexadecimal digits, two a byte.
 *
 * @param {Uint8Array} bytes
 */
export function toHex(bytes) {
  let hex = '';
  for (const byte of bytes) {
    hex += byte.toString(16).padStart(2, '0');
  }
  return hex;
}

/**
 * The bytes of hexadecimal digits, between which there may be space.
 *
 * @param {string} text
 * @returns {Uint8Array | null} null when the text is something else
 */
export function fromHex(text) {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
    return null;
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * The text that bytes stand for in UTF-8, or null when they are no UTF-8. A byte order mark is kept, so that encoding the
 * text again gives the same bytes.
 *
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function textOf(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * As {@link textOf}, of bytes that may be cut within a character: what is cut off is left out.
 *
 * @param {Uint8Array} bytes
 * @returns {string | null}
 */
export function beginningOf(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
}
