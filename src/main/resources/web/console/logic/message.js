// @ts-check
/**
 * What is to be sent, and the request that sends it. Each part says what it is typed as; the request takes the format that is
 * readable and yet exact: json where all parts are JSON, text where all are text, and binary else.
 */
import { decode, encode, fromHex, isBase64, utf8 } from './base64.js';
import { faultOf, steps, textAt } from './json-scan.js';

/**
 * @typedef {"none" | "json" | "text" | "base64" | "hex" | "original"} Kind none: no key, or a tombstone; original: bytes of another
 *     record, as they are
 */
/**
 * @typedef {object} Part
 * @property {Kind} kind
 * @property {string} text
 * @property {Uint8Array | null} [bytes] with original
 */
/** @typedef {{name: string, kind: "text" | "base64" | "none", text: string}} HeaderDraft */
/**
 * @typedef {object} Draft
 * @property {string} topic
 * @property {string} partition empty for the one that the key decides
 * @property {string} timestamp empty for the time of arrival; else milliseconds since 1970, or a time of ISO 8601
 * @property {Part} key
 * @property {Part} value
 * @property {HeaderDraft[]} headers
 */
/**
 * @typedef {object} Lines Many records at once, one a line.
 * @property {string} topic
 * @property {string} partition
 * @property {"json" | "text"} kind
 * @property {string} pointer to the key in each JSON value; empty for none
 * @property {string} text
 */
/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path
 * @property {string} type media type of the body
 * @property {string} body
 */
/**
 * @typedef {object} Problems what is wrong, by field; without what is right
 * @property {string} [topic]
 * @property {string} [partition]
 * @property {string} [timestamp]
 * @property {string} [key]
 * @property {string} [value]
 * @property {Record<number, string>} [headers] by index
 */

const TYPES = {
  json: 'application/vnd.kafka.json.v2+json',
  text: 'application/vnd.kafka.text.v2+json',
  binary: 'application/vnd.kafka.binary.v2+json',
};
/** As the service names them. */
const TOPIC = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
/** 9999-12-31T23:59:59.999Z, the last that the service takes. */
const LATEST = 253_402_300_799_999;
export const MOST_LINES = 10_000;
/** Characters of lines that are sent at once: with what stands around them, they stay below 10 MB, the default of the service. */
export const MOST_CHARACTERS = 4 * 1024 * 1024;
const MOST_PROBLEMS = 10;
const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** @param {string} name */
export function isTopic(name) {
  return TOPIC.test(name);
}

/**
 * @param {string} text empty, milliseconds since 1970 or a time of ISO 8601
 * @returns {{millis: number | null, problem: string | null}}
 */
export function readTimestamp(text) {
  const typed = text.trim();
  if (typed === '') {
    return { millis: null, problem: null };
  }
  const millis = /^[0-9]+$/.test(typed)
    ? Number(typed)
    : /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(typed)
      ? Date.parse(typed)
      : NaN;
  if (Number.isNaN(millis)) {
    return { millis: null, problem: 'Milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z.' };
  }
  return millis < 0 || millis > LATEST
    ? { millis: null, problem: 'A time from 1970 to the end of the year 9999.' }
    : { millis, problem: null };
}

/**
 * @param {string} text
 * @param {string} name what the reader calls it
 * @returns {string | null} what is wrong with it
 */
export function jsonProblem(text, name) {
  if (text.trim() === '') {
    return `${name} is empty, which is no JSON.`;
  }
  const fault = faultOf(text);
  return fault === null ? null : `Line ${fault.line}, column ${fault.column}: ${fault.message}.`;
}

/**
 * @param {Part} part
 * @param {"key" | "value"} which
 * @returns {string | null}
 */
export function partProblem(part, which) {
  const name = which === 'key' ? 'The key' : 'The value';
  switch (part.kind) {
    case 'none':
    case 'original':
      return null;
    case 'text':
      return HALF_PAIR.test(part.text) ? `${name} has half of a surrogate pair, which is no character.` : null;
    case 'json':
      if (part.text.trim() === 'null') {
        return which === 'key'
          ? 'In the JSON format, null is no key: choose "no key", or text for these four letters.'
          : 'In the JSON format, null is a tombstone: choose "tombstone", or text for these four letters.';
      }
      return HALF_PAIR.test(part.text)
        ? `${name} has half of a surrogate pair, which is no character.`
        : jsonProblem(part.text, name);
    case 'base64':
      return isBase64(part.text.replace(/\s+/g, ''))
        ? null
        : 'Not base64: groups of four out of A–Z a–z 0–9 + /, the last of which = may fill.';
    case 'hex':
      return fromHex(part.text) === null ? 'Not hexadecimal: two of 0–9 a–f for each byte.' : null;
  }
}

/**
 * @param {Part} part without a problem
 * @returns {Uint8Array | null} null for none
 */
export function partBytes(part) {
  switch (part.kind) {
    case 'none':
      return null;
    case 'original':
      return part.bytes ?? null;
    case 'json':
      return utf8(part.text.trim());
    case 'text':
      return utf8(part.text);
    case 'base64':
      return decode(part.text.replace(/\s+/g, ''));
    case 'hex':
      return fromHex(part.text);
  }
}

/**
 * @param {HeaderDraft} header
 * @returns {string | null}
 */
function headerProblem(header) {
  if (
    header.name.includes('\0') ||
    HALF_PAIR.test(header.name) ||
    (header.kind === 'text' && HALF_PAIR.test(header.text))
  ) {
    return 'A character that headers cannot have: U+0000, or half of a surrogate pair.';
  }
  return header.kind === 'base64' && !isBase64(header.text.replace(/\s+/g, '')) ? 'The value is not base64.' : null;
}

/**
 * @param {Draft} draft
 * @returns {Problems} empty when it can be sent
 */
export function problemsOf(draft) {
  /** @type {Problems} */
  const problems = place(draft);
  const time = readTimestamp(draft.timestamp).problem;
  const key = partProblem(draft.key, 'key');
  const value = partProblem(draft.value, 'value');
  /** @type {Record<number, string>} */
  const headers = {};
  draft.headers.forEach((header, i) => {
    const problem = headerProblem(header);
    if (problem !== null) {
      headers[i] = problem;
    }
  });
  return {
    ...problems,
    ...(time === null ? {} : { timestamp: time }),
    ...(key === null ? {} : { key }),
    ...(value === null ? {} : { value }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

/**
 * @param {{topic: string, partition: string}} where
 * @returns {Problems}
 */
export function place({ topic, partition }) {
  return {
    ...(isTopic(topic) ? {} : { topic: '1 to 249 of the characters a–z A–Z 0–9 . _ -' }),
    ...(/^[0-9]{0,9}$/.test(partition.trim()) ? {} : { partition: 'A whole number from 0, or nothing.' }),
  };
}

/**
 * @param {Draft} draft without problems
 * @returns {"json" | "text" | "binary"}
 */
export function formatOf({ key, value }) {
  const kinds = [key, value].map((part) => part.kind).filter((kind) => kind !== 'none');
  if (kinds.every((kind) => kind === 'json')) {
    return 'json';
  }
  return kinds.every((kind) => kind === 'json' || kind === 'text') ? 'text' : 'binary';
}

/**
 * The request that sends one record.
 *
 * @param {Draft} draft without problems
 * @returns {Call}
 */
export function callOf(draft) {
  const format = formatOf(draft);
  const members = [];
  if (draft.key.kind !== 'none') {
    members.push(`"key": ${written(draft.key, format)}`);
  }
  members.push(`"value": ${written(draft.value, format)}`);
  const { millis } = readTimestamp(draft.timestamp);
  if (millis !== null) {
    members.push(`"timestamp": ${millis}`);
  }
  if (draft.headers.length > 0) {
    const headers = draft.headers.map((header) => ({ key: header.name, value: headerBase64(header) }));
    members.push(`"headers": ${JSON.stringify(headers)}`);
  }
  return { method: 'POST', path: pathOf(draft), type: TYPES[format], body: `{"records": [{${members.join(', ')}}]}` };
}

/** @param {HeaderDraft} header */
function headerBase64(header) {
  return header.kind === 'none'
    ? null
    : header.kind === 'base64'
      ? header.text.replace(/\s+/g, '')
      : encode(utf8(header.text));
}

/**
 * @param {Part} part
 * @param {"json" | "text" | "binary"} format
 */
function written(part, format) {
  if (part.kind === 'none') {
    return 'null';
  }
  if (format === 'json') {
    return part.text.trim();
  }
  if (format === 'text') {
    return JSON.stringify(part.kind === 'json' ? part.text.trim() : part.text);
  }
  return JSON.stringify(encode(partBytes(part) ?? new Uint8Array()));
}

/** @param {{topic: string, partition: string}} where */
function pathOf({ topic, partition }) {
  const path = `/topics/${encodeURIComponent(topic)}`;
  return partition.trim() === '' ? path : `${path}/partitions/${Number(partition)}`;
}

/**
 * Many records as one request in an envelope, which an idempotency key makes safe to repeat; a body of lines has no such key.
 *
 * @param {Lines} lines
 * @returns {{call: Call | null, count: number, problems: string[]}} no call where there is a problem
 */
export function linesOf(lines) {
  const path = lines.pointer === '' ? null : steps(lines.pointer);
  /** @type {string[]} */
  const problems = [];
  if (lines.kind === 'json' && lines.pointer !== '' && path === null) {
    return { call: null, count: 0, problems: ['The pointer begins with a slash, such as /customer/id.'] };
  }
  if (lines.text.length > MOST_CHARACTERS) {
    return {
      call: null,
      count: 0,
      problems: ['At most 4 MiB at once. Send larger files by curl, as docs/produce.md shows.'],
    };
  }
  const records = [];
  const texts = lines.text.split(/\r?\n/);
  for (let i = 0; i < texts.length && problems.length < MOST_PROBLEMS; i++) {
    const text = lines.kind === 'json' ? texts[i].trim() : texts[i];
    if (text === '') {
      continue;
    }
    if (records.length === MOST_LINES) {
      problems.push(`Line ${i + 1}: at most ${MOST_LINES} records at once.`);
      break;
    }
    if (HALF_PAIR.test(text)) {
      problems.push(`Line ${i + 1} has half of a surrogate pair, which is no character.`);
    } else if (lines.kind === 'text') {
      records.push(`{"value": ${JSON.stringify(text)}}`);
    } else {
      const record = jsonLine(text, i + 1, path, problems);
      if (record !== null) {
        records.push(record);
      }
    }
  }
  if (problems.length > 0 || records.length === 0) {
    return { call: null, count: records.length, problems };
  }
  return {
    call: {
      method: 'POST',
      path: pathOf(lines),
      type: TYPES[lines.kind],
      body: `{"records": [\n${records.join(',\n')}\n]}`,
    },
    count: records.length,
    problems,
  };
}

/**
 * @param {string} text
 * @param {number} line
 * @param {string[] | null} path to the key
 * @param {string[]} problems what is wrong is added
 * @returns {string | null}
 */
function jsonLine(text, line, path, problems) {
  const fault = faultOf(text);
  if (fault !== null) {
    problems.push(`Line ${line}, column ${fault.column}: ${fault.message}.`);
    return null;
  }
  if (path === null) {
    return `{"value": ${text}}`;
  }
  const key = textAt(text, path);
  if (key === null) {
    problems.push(`Line ${line} has nothing at the pointer of the key.`);
    return null;
  }
  return key === 'null' ? `{"value": ${text}}` : `{"key": ${key}, "value": ${text}}`;
}

/**
 * A key for a request that may be repeated: 122 random bits as a UUID. `crypto.randomUUID` is missing on pages that are not
 * served over TLS.
 */
export function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * How bytes of another record are shown to be edited: as text where the text field gives them back exactly, else as
 * base64. A text field makes every line end a single line feed.
 *
 * @param {Uint8Array} bytes
 * @param {string | null} text the bytes in UTF-8
 * @returns {Part}
 */
export function editable(bytes, text) {
  return text !== null && !text.includes('\r') && !text.includes('\0')
    ? { kind: 'text', text }
    : { kind: 'base64', text: encode(bytes) };
}
