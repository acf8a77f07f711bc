// @ts-check
/**
 * JSON as text: whether it is valid, where it is not, and the exact text of a part. Nothing is parsed into numbers, so that
 * 1.10 and 12345678901234567890 stay as they are.
 */

/**
 * @typedef {object} Fault Where a text stops being JSON, and why.
 * @property {number} at index of the character, from 0
 * @property {number} line from 1
 * @property {number} column from 1
 * @property {string} message
 */

const SPACE = new Set([' ', '\t', '\n', '\r']);
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WORDS = ['true', 'false', 'null'];

class Invalid extends Error {
  /**
   * @param {number} at
   * @param {string} message
   */
  constructor(at, message) {
    super(message);
    this.at = at;
  }
}

/**
 * @param {string} text
 * @param {number} at
 */
function space(text, at) {
  while (at < text.length && SPACE.has(text[at])) {
    at++;
  }
  return at;
}

/**
 * @param {string} text
 * @param {number} at where a string begins
 * @returns {number} the index behind it
 */
function string(text, at) {
  if (text[at] !== '"') {
    throw new Invalid(at, 'a string in double quotes is expected');
  }
  // A loop and no expression: one that may match a megabyte keeps a way back from each of its characters.
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      return i + 1;
    }
    if (c < 0x20) {
      throw new Invalid(i, 'a control character in a string has to be escaped, such as \\n');
    }
    if (c === BACKSLASH) {
      ESCAPE.lastIndex = i;
      const escape = ESCAPE.exec(text);
      if (escape === null) {
        throw new Invalid(
          i,
          'a backslash stands before one of " \\ / b f n r t, or before u and four hexadecimal digits',
        );
      }
      i += escape[0].length - 1;
    }
  }
  throw new Invalid(at, 'the string has no end');
}

/**
 * @param {string} text
 * @param {number} at where a string, a number or a word begins
 * @returns {number} the index behind it
 */
function scalar(text, at) {
  if (at >= text.length) {
    throw new Invalid(at, 'a value is expected, and the text ends');
  }
  if (text[at] === '"') {
    return string(text, at);
  }
  NUMBER.lastIndex = at;
  const number = NUMBER.exec(text);
  if (number !== null) {
    const end = at + number[0].length;
    if (end < text.length && /[0-9.eE+-]/.test(text[end])) {
      throw new Invalid(end, 'the number is not one of JSON');
    }
    return end;
  }
  for (const word of WORDS) {
    if (text.startsWith(word, at)) {
      return at + word.length;
    }
  }
  throw new Invalid(
    at,
    'a value is expected: an object, an array, a string in double quotes, a number, true, false or null',
  );
}

/**
 * Goes over one value without recursion, so that no depth exhausts the stack.
 *
 * @param {string} text
 * @param {number} start where it begins
 * @returns {number} the index behind it
 * @throws {Invalid}
 */
function value(text, start) {
  /** @type {string[]} */
  const open = [];
  let at = start;
  for (;;) {
    at = space(text, at);
    const first = text[at];
    let ended = true;
    if (first === '{' || first === '[') {
      const close = first === '{' ? '}' : ']';
      const next = space(text, at + 1);
      if (text[next] === close) {
        at = next + 1;
      } else {
        open.push(close);
        at = first === '{' ? name(text, next) : next;
        ended = false;
      }
    } else {
      at = scalar(text, at);
    }
    while (ended) {
      if (open.length === 0) {
        return at;
      }
      const close = open[open.length - 1];
      at = space(text, at);
      if (text[at] === close) {
        open.pop();
        at++;
      } else if (text[at] === ',') {
        at = close === '}' ? name(text, space(text, at + 1)) : at + 1;
        ended = false;
      } else {
        throw new Invalid(at, `"," or "${close}" is expected` + (at >= text.length ? ', and the text ends' : ''));
      }
    }
  }
}

/**
 * @param {string} text
 * @param {number} at where the name of a member begins
 * @returns {number} the index behind its colon
 */
function name(text, at) {
  if (text[at] !== '"') {
    throw new Invalid(at, 'a name in double quotes is expected');
  }
  const end = space(text, string(text, at));
  if (text[end] !== ':') {
    throw new Invalid(end, '":" is expected behind a name');
  }
  return end + 1;
}

/**
 * Whether a text is one JSON value, with space around it.
 *
 * @param {string} text
 * @returns {Fault | null} null when it is
 */
export function faultOf(text) {
  try {
    const end = space(text, value(text, 0));
    return end === text.length ? null : fault(text, end, 'nothing may follow the value');
  } catch (problem) {
    if (problem instanceof Invalid) {
      return fault(text, Math.min(problem.at, text.length), problem.message);
    }
    throw problem;
  }
}

/**
 * @param {string} text
 * @param {number} at
 * @param {string} message
 * @returns {Fault}
 */
function fault(text, at, message) {
  let line = 1;
  let begins = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) {
    line++;
    begins = i + 1;
  }
  return { at, line, column: at - begins + 1, message };
}

/**
 * The steps of a JSON pointer (RFC 6901).
 *
 * @param {string} pointer such as /customer/id; the empty one is the whole value
 * @returns {string[] | null} null when it is no pointer
 */
export function steps(pointer) {
  if (pointer === '') {
    return [];
  }
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    return null;
  }
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * The exact text of the value at a place. Of several members with one name the last counts.
 *
 * @param {string} text valid JSON
 * @param {string[]} path steps of a pointer
 * @returns {string | null} null when nothing is there
 */
export function textAt(text, path) {
  let at = space(text, 0);
  for (const step of path) {
    const found = text[at] === '{' ? member(text, at, step) : text[at] === '[' ? element(text, at, step) : -1;
    if (found < 0) {
      return null;
    }
    at = found;
  }
  return text.slice(at, value(text, at));
}

/**
 * @param {string} text
 * @param {number} at of an object
 * @param {string} wanted
 */
function member(text, at, wanted) {
  let found = -1;
  at = space(text, at + 1);
  while (text[at] !== '}') {
    const end = string(text, at);
    const own = JSON.parse(text.slice(at, end));
    at = space(text, space(text, end) + 1);
    if (own === wanted) {
      found = at;
    }
    at = space(text, value(text, at));
    at = text[at] === ',' ? space(text, at + 1) : at;
  }
  return found;
}

/**
 * @param {string} text
 * @param {number} at of an array
 * @param {string} wanted
 */
function element(text, at, wanted) {
  if (!/^(?:0|[1-9][0-9]*)$/.test(wanted)) {
    return -1;
  }
  let left = Number(wanted);
  at = space(text, at + 1);
  while (text[at] !== ']') {
    if (left === 0) {
      return at;
    }
    left--;
    at = space(text, value(text, at));
    at = text[at] === ',' ? space(text, at + 1) : at;
  }
  return -1;
}
