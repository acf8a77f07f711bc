// @ts-check
/** Records as the binary format gives them, and what the console recognises in them. */
import { beginningOf, decode, isBase64, peek, sizeOf, textOf, toHex } from './base64.js';

/**
 * @typedef {object} Header
 * @property {string} key
 * @property {string | null} value base64
 */
/**
 * @typedef {object} Row A record of a list. Key and value stay base64 until somebody looks at them.
 * @property {string} id `<partition>:<offset>`
 * @property {number} partition
 * @property {number} offset
 * @property {number} timestamp milliseconds since 1970
 * @property {string | null} key base64
 * @property {string | null} value base64; null in a tombstone
 * @property {Header[]} headers
 * @property {number} weight about how many bytes of memory the row takes
 */
/**
 * @typedef {object} Preview
 * @property {"none" | "empty" | "text" | "bytes"} kind
 * @property {string} text what a list shows: text with unseen characters escaped, or hexadecimal digits
 * @property {number} size bytes of the whole
 * @property {boolean} cut whether there is more
 */
/**
 * @typedef {object} CloudEvent
 * @property {"binary" | "structured"} mode
 * @property {[string, string][]} attributes in their order
 */

const ROW_WEIGHT = 400;
const HEADER_WEIGHT = 100;
/** Controls, and characters that reorder or hide text: U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF. */
// eslint-disable-next-line no-control-regex -- these are what is to be shown
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * @param {{partition: number, offset: number, timestamp: number, key: string | null, value: string | null,
 *     headers?: Header[] | null}} fetched an element of a page in the binary format
 * @returns {Row}
 */
export function rowOf(fetched) {
  const headers = fetched.headers ?? [];
  let weight = ROW_WEIGHT + (fetched.key?.length ?? 0) + (fetched.value?.length ?? 0);
  for (const header of headers) {
    weight += HEADER_WEIGHT + header.key.length + (header.value?.length ?? 0);
  }
  return {
    id: `${fetched.partition}:${fetched.offset}`,
    partition: fetched.partition,
    offset: fetched.offset,
    timestamp: fetched.timestamp,
    key: fetched.key ?? null,
    value: fetched.value ?? null,
    headers,
    weight,
  };
}

/**
 * Bytes of a part, 0 where there is none.
 *
 * @param {string | null} base64
 */
export function bytesOf(base64) {
  return base64 === null ? 0 : sizeOf(base64);
}

/**
 * Bytes of key, value and headers together.
 *
 * @param {Row} row
 */
export function sizeOfRow(row) {
  let size = bytesOf(row.key) + bytesOf(row.value);
  for (const header of row.headers) {
    size += new TextEncoder().encode(header.key).length + bytesOf(header.value);
  }
  return size;
}

/**
 * The beginning of a part, decoded no further than it is shown.
 *
 * @param {string | null} base64
 * @param {number} [characters]
 * @returns {Preview}
 */
export function preview(base64, characters = 200) {
  if (base64 === null) {
    return { kind: 'none', text: '', size: 0, cut: false };
  }
  const size = sizeOf(base64);
  if (size === 0) {
    return { kind: 'empty', text: '', size, cut: false };
  }
  const bytes = peek(base64, characters);
  const text = bytes.length < size ? beginningOf(bytes) : textOf(bytes);
  if (text !== null) {
    return { kind: 'text', text: visible(text), size, cut: bytes.length < size };
  }
  const shown = bytes.subarray(0, Math.floor(characters / 3));
  const pairs = toHex(shown).replace(/..(?!$)/g, '$& ');
  return { kind: 'bytes', text: pairs, size, cut: shown.length < size };
}

/**
 * A text on one line, in which nothing is unseen: space becomes space, and controls and characters that change the direction
 * of the text stand as escapes.
 *
 * @param {string} text
 */
export function visible(text) {
  return text.replace(UNSEEN, (c) => {
    if (c === '\n' || c === '\r' || c === '\t') {
      return ' ';
    }
    return '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0');
  });
}

/**
 * @param {Header} header
 * @returns {{text: string | null, bytes: Uint8Array} | null} null for a header without a value; text is null where it is no UTF-8
 */
export function headerValue(header) {
  if (header.value === null) {
    return null;
  }
  const bytes = decode(header.value);
  return { text: textOf(bytes), bytes };
}

/**
 * Which CloudEvent a record is, by Kafka's binding: in binary mode the headers have its attributes, and in structured mode the
 * value is the event.
 *
 * @param {Row} row
 * @param {unknown} json the value, where it is JSON
 * @returns {CloudEvent | null}
 */
export function cloudEventOf(row, json) {
  /** @type {[string, string][]} */
  const attributes = [];
  let type = '';
  for (const header of row.headers) {
    const name = header.key.toLowerCase();
    const text = headerValue(header)?.text ?? null;
    if (name.startsWith('ce_') && text !== null) {
      attributes.push([name.slice(3), text]);
    } else if (name === 'content-type' && text !== null) {
      type = text;
    }
  }
  const named = new Set(attributes.map(([name]) => name));
  if (['specversion', 'id', 'source', 'type'].every((name) => named.has(name))) {
    if (type !== '') {
      attributes.push(['datacontenttype', type]);
    }
    return { mode: 'binary', attributes };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return null;
  }
  const event = /** @type {Record<string, unknown>} */ (json);
  if (!['specversion', 'id', 'source', 'type'].every((name) => typeof event[name] === 'string')) {
    return null;
  }
  return {
    mode: 'structured',
    attributes: Object.entries(event)
      .filter(([name]) => name !== 'data' && name !== 'data_base64')
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  };
}

/**
 * What a text, or a JSON string, stands for if it is base64 of something. Short words that happen to fit are left alone.
 *
 * @param {string} text
 * @returns {Uint8Array | null}
 */
export function base64Within(text) {
  let plain = text.trim();
  if (plain.startsWith('"') && plain.endsWith('"') && plain.length > 1) {
    plain = plain.slice(1, -1).replaceAll('\\/', '/');
  }
  if (plain.length < 16 || !isBase64(plain) || /^(?:[0-9]+|[a-z]+|[A-Z]+|[0-9a-f]+)$/.test(plain)) {
    return null;
  }
  return decode(plain);
}

/**
 * Where the console shows a record.
 *
 * @param {string} topic
 * @param {number} partition
 * @param {number} offset
 */
export function recordHref(topic, partition, offset) {
  const query = new URLSearchParams({
    partition: String(partition),
    from: String(offset),
    order: 'asc',
    record: `${partition}:${offset}`,
  });
  return `/console/topics/${encodeURIComponent(topic)}/records?${query}`;
}

/**
 * `<partition>:<offset>`, as it stands in URLs.
 *
 * @param {string | null} text
 * @returns {{partition: number, offset: number} | null}
 */
export function parseId(text) {
  const found = /^([0-9]{1,9}):([0-9]{1,16})$/.exec(text ?? '');
  return found === null ? null : { partition: Number(found[1]), offset: Number(found[2]) };
}
