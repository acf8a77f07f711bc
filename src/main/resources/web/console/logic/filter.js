// @ts-check
/**
 * Filters as the service reads them (docs/filters.md), between their text and the rows of a form. The service decides what is
 * valid: this only tells sooner.
 */

/**
 * @typedef {object} Term
 * @property {"key" | "header" | "value"} part
 * @property {string} name of a header, else empty
 * @property {(string | number)[]} path within a value: names, and indexes of arrays
 * @property {"=" | "^=" | "exists"} test
 * @property {"text" | "number" | "word"} kind of what it is compared with; a word is true, false or null
 * @property {string} literal plain text, or the characters of the number or word; empty with exists
 */
/**
 * @typedef {object} Problem
 * @property {number} at the character from which on it is wrong, counted from 1
 * @property {string} message
 */

export const MOST_CHARACTERS = 1024;
export const MOST_TERMS = 8;
const MOST_STEPS = 16;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,9})?/y;
const WORD = /[A-Za-z0-9_\u0080-\uffff-]*/y;
const PLAIN_NAME = /^[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff-]*$/;
const PARTS = 'key, header or value, or exists(…)';
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "'": "'", '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

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

class Parser {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /** @returns {Term[]} */
  terms() {
    /** @type {Term[]} */
    const terms = [];
    do {
      this.space();
      if (terms.length === MOST_TERMS) {
        throw new Invalid(this.at, `a filter has at most ${MOST_TERMS} terms`);
      }
      terms.push(this.term());
      this.space();
    } while (this.and());
    return terms;
  }

  and() {
    if (this.at === this.text.length) {
      return false;
    }
    const start = this.at;
    if (this.word().toLowerCase() !== 'and') {
      throw new Invalid(start, 'expected "and" or the end: terms can be joined by "and" only');
    }
    return true;
  }

  /** @returns {Term} */
  term() {
    const start = this.at;
    const first = this.word();
    if (first === 'exists') {
      this.space();
      this.expect('(', `expected ${PARTS}`);
      this.space();
      const place = this.place(this.at, this.word());
      this.space();
      this.expect(')', 'expected ")" after what has to exist');
      return { ...place, test: 'exists', kind: 'text', literal: '' };
    }
    const place = this.place(start, first);
    this.space();
    const operator = this.at;
    const begins = this.take('^');
    if (!this.take('=') || this.text[this.at] === '=') {
      throw new Invalid(operator, 'expected "=" (equals) or "^=" (begins with)');
    }
    this.space();
    return begins
      ? { ...place, test: '^=', kind: 'text', literal: this.beginning() }
      : { ...place, test: '=', ...this.literal(place.part === 'value') };
  }

  /**
   * @param {number} start
   * @param {string} word
   * @returns {Pick<Term, "part" | "name" | "path">}
   */
  place(start, word) {
    switch (word) {
      case 'key':
        if (this.isNext('.') || this.isNext('[')) {
          throw new Invalid(this.at, 'a key has no members: compare all of it');
        }
        return { part: 'key', name: '', path: [] };
      case 'header':
        return { part: 'header', name: this.headerName(), path: [] };
      case 'value':
        return { part: 'value', name: '', path: this.path() };
      default:
        throw new Invalid(start, `expected ${PARTS}`);
    }
  }

  headerName() {
    let name = '';
    if (this.take('.')) {
      name = this.name();
    } else if (this.take('[')) {
      this.space();
      name = this.string();
      this.space();
      this.expect(']', 'expected "]" after the name of a header');
    } else {
      throw new Invalid(this.at, 'expected the name of a header, as in header.type or header["my type"]');
    }
    if (this.isNext('.') || this.isNext('[')) {
      throw new Invalid(
        this.at,
        'a header has no members; a name with other characters stands in brackets: header["a.b"]',
      );
    }
    return name;
  }

  path() {
    /** @type {(string | number)[]} */
    const path = [];
    while (this.isNext('.') || this.isNext('[')) {
      if (path.length === MOST_STEPS) {
        throw new Invalid(this.at, `a path has at most ${MOST_STEPS} steps`);
      }
      if (this.take('.')) {
        path.push(this.name());
      } else {
        this.at++;
        this.space();
        path.push(this.isNext('"') || this.isNext("'") ? this.string() : this.index());
        this.space();
        this.expect(']', 'expected "]"');
      }
    }
    return path;
  }

  index() {
    const start = this.at;
    while (this.at < this.text.length && /[0-9]/.test(this.text[this.at])) {
      this.at++;
    }
    const digits = this.text.slice(start, this.at);
    if (!/^(?:0|[1-9][0-9]{0,8})$/.test(digits)) {
      throw new Invalid(start, 'expected a name in quotes, or an index from 0 with at most 9 digits');
    }
    return Number(digits);
  }

  name() {
    const start = this.at;
    if (/[0-9-]/.test(this.text[start] ?? '')) {
      throw new Invalid(start, 'a name that begins like this stands in brackets and quotes: ["…"]');
    }
    const name = this.word();
    if (name === '') {
      throw new Invalid(start, 'expected a name; one with other characters stands in brackets and quotes: ["…"]');
    }
    return name;
  }

  word() {
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0] ?? '';
    this.at += word.length;
    return word;
  }

  beginning() {
    if (!this.isNext('"') && !this.isNext("'")) {
      throw new Invalid(this.at, 'expected a string in quotes after "^="');
    }
    return this.string();
  }

  /**
   * @param {boolean} json
   * @returns {Pick<Term, "kind" | "literal">}
   */
  literal(json) {
    if (this.isNext('"') || this.isNext("'")) {
      return { kind: 'text', literal: this.string() };
    }
    const start = this.at;
    NUMBER.lastIndex = start;
    const number = NUMBER.exec(this.text)?.[0];
    if (number !== undefined) {
      this.at += number.length;
      if (/[A-Za-z0-9_.\u0080-\uffff-]/.test(this.text[this.at] ?? '')) {
        throw new Invalid(start, 'expected a number as JSON has them');
      }
    }
    const literal = number ?? this.word();
    const known = number !== undefined || ['true', 'false', 'null'].includes(literal);
    if (known && json) {
      return { kind: number === undefined ? 'word' : 'number', literal };
    }
    throw new Invalid(
      start,
      known
        ? 'keys and headers are compared with strings in quotes'
        : json
          ? 'expected a string in quotes, a number, true, false or null'
          : 'expected a string in quotes',
    );
  }

  string() {
    const start = this.at;
    const quote = this.text[start];
    if (quote !== '"' && quote !== "'") {
      throw new Invalid(start, 'expected a string in quotes');
    }
    this.at++;
    let plain = '';
    while (this.at < this.text.length && this.text[this.at] !== quote) {
      plain += this.take('\\') ? this.escaped() : this.text[this.at++];
    }
    if (this.at === this.text.length) {
      throw new Invalid(start, 'a string has no end');
    }
    this.at++;
    return plain;
  }

  escaped() {
    const start = this.at - 1;
    const c = this.text[this.at++] ?? '';
    if (c === 'u') {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        throw new Invalid(start, '\\u stands before four hexadecimal digits');
      }
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const plain = ESCAPES[c];
    if (plain === undefined) {
      throw new Invalid(start, 'a backslash stands before one of " \' \\ / b f n r t, or before u and four digits');
    }
    return plain;
  }

  space() {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) {
      this.at++;
    }
  }

  /** @param {string} c */
  isNext(c) {
    return this.text[this.at] === c;
  }

  /** @param {string} c */
  take(c) {
    const is = this.isNext(c);
    this.at += is ? 1 : 0;
    return is;
  }

  /**
   * @param {string} c
   * @param {string} otherwise
   */
  expect(c, otherwise) {
    if (!this.take(c)) {
      throw new Invalid(this.at, otherwise);
    }
  }
}

/**
 * @template T
 * @param {string} text
 * @param {(parser: Parser) => T} read
 * @returns {{result: T, problem: null} | {result: null, problem: Problem}}
 */
function attempt(text, read) {
  try {
    return { result: read(new Parser(text)), problem: null };
  } catch (problem) {
    if (problem instanceof Invalid) {
      return { result: null, problem: { at: [...text.slice(0, problem.at)].length + 1, message: problem.message } };
    }
    throw problem;
  }
}

/**
 * @param {string} text
 * @returns {{terms: Term[], problem: null} | {terms: null, problem: Problem}} no terms for a text of space
 */
export function parse(text) {
  if (text.trim() === '') {
    return { terms: [], problem: null };
  }
  if (text.length > MOST_CHARACTERS) {
    return {
      terms: null,
      problem: { at: MOST_CHARACTERS + 1, message: `a filter has at most ${MOST_CHARACTERS} characters` },
    };
  }
  const { result, problem } = attempt(text, (parser) => parser.terms());
  return problem === null ? { terms: result, problem: null } : { terms: null, problem };
}

/**
 * The place in a value that somebody types into the form: `customer.country`, `items[0].sku`, or nothing for the whole value.
 *
 * @param {string} text
 * @returns {{path: (string | number)[], problem: null} | {path: null, problem: Problem}}
 */
export function parsePath(text) {
  const typed = text.trim();
  const whole = typed === '' || typed.startsWith('[') || typed.startsWith('.') ? typed : `.${typed}`;
  const { result, problem } = attempt(whole, (parser) => {
    const path = parser.path();
    if (parser.at < whole.length) {
      throw new Invalid(parser.at, 'expected the end, a dot or a bracket');
    }
    return path;
  });
  return problem === null
    ? { path: result, problem: null }
    : { path: null, problem: { ...problem, at: Math.max(1, problem.at - (whole.length - typed.length)) } };
}

/**
 * @param {(string | number)[]} path
 * @returns {string} such as `.items[0]["first name"]`, empty for the whole value
 */
export function formatPath(path) {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : PLAIN_NAME.test(step) ? `.${step}` : `[${quote(step)}]`))
    .join('');
}

/**
 * A string literal of filters.
 *
 * @param {string} text
 */
export function quote(text) {
  return JSON.stringify(text);
}

/**
 * @param {Term[]} terms
 * @returns {string} the text of a filter, empty without terms
 */
export function format(terms) {
  return terms.map(formatTerm).join(' and ');
}

/** @param {Term} term */
function formatTerm(term) {
  const place =
    term.part === 'header'
      ? PLAIN_NAME.test(term.name)
        ? `header.${term.name}`
        : `header[${quote(term.name)}]`
      : term.part === 'value'
        ? `value${formatPath(term.path)}`
        : 'key';
  if (term.test === 'exists') {
    return `exists(${place})`;
  }
  return `${place} ${term.test} ${term.kind === 'text' ? quote(term.literal) : term.literal}`;
}

/**
 * @typedef {object} FormRow A term as somebody fills it in.
 * @property {'key' | 'header' | 'value'} part
 * @property {string} place the name of the header, or the path in the value
 * @property {'=' | '^=' | 'exists'} test
 * @property {'text' | 'number' | 'word'} kind
 * @property {string} literal
 */

/**
 * @param {FormRow} row
 * @returns {{term: Term | null, place: string | null, literal: string | null}} the term, or what is wrong with the place and
 *   the literal
 */
export function readRow(row) {
  const { path, problem } = row.part === 'value' ? parsePath(row.place) : { path: [], problem: null };
  const place =
    problem !== null
      ? `At character ${problem.at}: ${problem.message}.`
      : row.part === 'header' && row.place === ''
        ? 'The name of a header.'
        : null;
  const compares = row.test === '=' && row.part === 'value';
  const kind = compares ? row.kind : 'text';
  const literal =
    row.test !== 'exists' && kind === 'number' && !isNumber(row.literal.trim())
      ? 'A number as JSON has them.'
      : row.test !== 'exists' && kind === 'word' && !['true', 'false', 'null'].includes(row.literal)
        ? 'One of true, false and null.'
        : null;
  if (place !== null || literal !== null) {
    return { term: null, place, literal };
  }
  return {
    term: {
      part: row.part,
      name: row.part === 'header' ? row.place : '',
      path: path ?? [],
      test: row.test,
      kind,
      literal: row.test === 'exists' ? '' : kind === 'number' ? row.literal.trim() : row.literal,
    },
    place,
    literal,
  };
}

/** @param {string} text */
function isNumber(text) {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(text)?.[0] === text;
}

/**
 * @param {Term} term
 * @returns {FormRow}
 */
export function rowOfTerm(term) {
  const path = formatPath(term.path);
  return {
    part: term.part,
    place: term.part === 'header' ? term.name : path.startsWith('.') ? path.slice(1) : path,
    test: term.test,
    kind: term.kind,
    literal: term.literal,
  };
}
