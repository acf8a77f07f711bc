// @ts-check
/** JSON that keeps what JSON.parse loses: how numbers are written, and names that come twice. */

/**
 * @typedef {{
 *   kind: 'object' | 'array' | 'string' | 'number' | 'literal', text?: string, children?: [string, Json][], size: number,
 * }} Json `text` of scalars: a string's characters, a number as it is written; `size` is how many values it holds
 */

const DEEPEST = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * @param {string} text
 * @returns {Json}
 * @throws {Error} if it is not JSON (RFC 8259), or is nested more than 500 levels deep; says where
 */
export function parseJson(text) {
  let at = 0;

  /** @param {RegExp} pattern @returns {string | null} */
  function take(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) {
      return null;
    }
    at = pattern.lastIndex;
    return found[0];
  }

  /** @param {string} expected @returns {never} */
  function fail(expected) {
    throw new Error(expected + ' is missing at character ' + (at + 1));
  }

  /** @returns {string} */
  function string() {
    const start = at;
    const token = take(STRING);
    if (token === null) {
      return fail('a string');
    }
    try {
      return JSON.parse(token);
    } catch {
      at = start;
      throw new Error('the string at character ' + (start + 1) + ' is not legal');
    }
  }

  /** @param {number} depth @returns {Json} */
  function value(depth) {
    if (depth > DEEPEST) {
      throw new Error('it is nested more than ' + DEEPEST + ' levels deep');
    }
    take(SPACE);
    const c = text[at];
    if (c === '{' || c === '[') {
      return container(c === '{', depth);
    }
    if (c === '"') {
      return { kind: 'string', text: string(), size: 1 };
    }
    const number = take(NUMBER);
    if (number !== null) {
      return { kind: 'number', text: number, size: 1 };
    }
    const literal = take(LITERAL);
    return literal === null ? fail('a value') : { kind: 'literal', text: literal, size: 1 };
  }

  /** @param {boolean} isObject @param {number} depth @returns {Json} */
  function container(isObject, depth) {
    const end = isObject ? '}' : ']';
    /** @type {[string, Json][]} */
    const children = [];
    let size = 1;
    at++;
    take(SPACE);
    while (text[at] !== end) {
      if (children.length > 0) {
        if (text[at] !== ',') {
          fail('a comma or ' + end);
        }
        at++;
        take(SPACE);
      }
      let name = '';
      if (isObject) {
        name = string();
        take(SPACE);
        if (text[at] !== ':') {
          fail('a colon');
        }
        at++;
      }
      const child = value(depth + 1);
      size += child.size;
      children.push([name, child]);
      take(SPACE);
    }
    at++;
    return { kind: isObject ? 'object' : 'array', children, size };
  }

  const whole = value(0);
  take(SPACE);
  if (at < text.length) {
    throw new Error('there is more behind its end at character ' + (at + 1));
  }
  return whole;
}
