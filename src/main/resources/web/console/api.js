// @ts-check
/** Calls of the service's public API, and whether the service can be reached. */
import { navigate, route } from './router.js';
import { createStore } from './store.js';

/** Longer than any long poll of the API. */
const PATIENCE_MS = 90_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** A call that failed. */
export class ApiError extends Error {
  /**
   * @param {number} status the HTTP status; 0 if there was no response
   * @param {string} code the API's code, or one of the console's: CONNECTION_LOST, TIMEOUT, HTTP_502
   * @param {string} message
   * @param {any} [body] the parsed response
   */
  constructor(status, code, message, body) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/**
 * - `online`: the service answers.
 * - `offline`: it does not.
 * - `database`: it answers, but cannot reach PostgreSQL.
 *
 * @typedef {{state: 'online' | 'offline' | 'database', since: number, nextTry: number | null}} Connection
 */

const connectionStore = createStore(/** @type {Connection} */ ({ state: 'online', since: Date.now(), nextTry: null }));
let retryMs = FIRST_RETRY_MS;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retryTimer;

/** Whether the service can be reached. While it cannot, it is tried again after 1 s to 15 s. */
export const connection = {
  get: connectionStore.get,
  set: connectionStore.set,
  subscribe: connectionStore.subscribe,
  /** Tries at once. */
  retry() {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    return probe();
  },
};

/** @param {'offline' | 'database'} state */
function lost(state) {
  if (connectionStore.get().state !== state) {
    connectionStore.set({ state, since: Date.now(), nextTry: null });
  }
  if (retryTimer === undefined) {
    connectionStore.set({ ...connectionStore.get(), nextTry: Date.now() + retryMs });
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      if (document.hidden) {
        addEventListener('visibilitychange', () => connection.retry(), { once: true });
      } else {
        probe();
      }
    }, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}

function found() {
  clearTimeout(retryTimer);
  retryTimer = undefined;
  retryMs = FIRST_RETRY_MS;
  if (connectionStore.get().state !== 'online') {
    connectionStore.set({ state: 'online', since: Date.now(), nextTry: null });
  }
}

async function probe() {
  try {
    const response = await fetch('/overview', {
      cache: 'no-store',
      headers: { Accept: 'application/json', 'Trunkline-Console': '1' },
      signal: AbortSignal.timeout(10_000),
    });
    const body = await response.json().catch(() => undefined);
    const state = stateOf(response.status, body);
    if (state === null && body?.database?.up !== false) {
      found();
    } else {
      lost(state ?? 'database');
    }
  } catch {
    lost('offline');
  }
}

/**
 * What a response says about the connection; null if nothing is wrong.
 *
 * @param {number} status
 * @param {any} body
 * @returns {'offline' | 'database' | null}
 */
function stateOf(status, body) {
  if (status < 502 || status > 504) {
    return null;
  }
  if (typeof body?.code !== 'string') {
    return 'offline'; // a proxy without a service behind it
  }
  return body.code === 'DATABASE_UNAVAILABLE' ? 'database' : null;
}

/**
 * @typedef {Record<string, string | number | boolean | null | undefined | (string | number)[]>} Query
 * @typedef {{
 *   query?: Query,
 *   accept?: string,
 *   headers?: Record<string, string>,
 *   signal?: AbortSignal,
 *   json?: any,
 *   body?: BodyInit,
 *   type?: string,
 *   login?: boolean,
 * }} Options `json` or a `body` of a `type`; `login: false` for a call whose 401 is no reason to go to the login
 * @typedef {{status: number, headers: Headers, body: any, text: string}} Response
 *   `body` is undefined where the response is not JSON; `text` keeps numbers as they were written
 */

/**
 * A path of the API: `pathOf('topics', name)`, with each segment encoded.
 *
 * @param {...(string | number)} segments
 */
export function pathOf(...segments) {
  return segments.map((segment) => '/' + encodeURIComponent(segment)).join('');
}

/**
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
export function get(path, options) {
  return send('GET', path, options);
}

/**
 * Calls an operation. Responses of the status 4xx and 5xx, and no response at all, throw an {@link ApiError}; only the
 * caller's own abort throws its reason.
 *
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
export async function send(method, path, options = {}) {
  const headers = new Headers(options.headers);
  headers.set('Accept', options.accept ?? 'application/json');
  headers.set('Trunkline-Console', '1');
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  if (body !== undefined) {
    headers.set('Content-Type', options.type ?? 'application/json');
  }
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    // A browser keeps pages of records, and would go on showing those of a topic that was deleted, or while the service is away.
    const response = await fetch(path + search(options.query), { method, headers, body, signal, cache: 'no-store' });
    const text = await response.text();
    return settle(response, text, options);
  } catch (error) {
    throw failure(error, options.signal);
  }
}

/**
 * @param {globalThis.Response} response
 * @param {string} text
 * @param {Options} options
 * @returns {Response}
 */
function settle(response, text, options) {
  const body = parsed(response.headers.get('Content-Type') ?? '', text);
  const state = stateOf(response.status, body);
  if (state !== null) {
    lost(state);
  } else if (connectionStore.get().state === 'offline') {
    found();
  }
  if (response.status === 401 && options.login !== false) {
    login();
  }
  if (!response.ok) {
    throw new ApiError(
      response.status,
      typeof body?.code === 'string' ? body.code : 'HTTP_' + response.status,
      typeof body?.message === 'string' ? body.message : 'The service returned HTTP status ' + response.status + '.',
      body,
    );
  }
  return { status: response.status, headers: response.headers, body, text };
}

/**
 * @param {string} type
 * @param {string} text
 * @returns {any}
 */
function parsed(type, text) {
  if (text === '' || !/[/+]json|\.v2\+json/.test(type)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {any} error
 * @param {AbortSignal | undefined} signal the caller's
 * @returns {any}
 */
function failure(error, signal) {
  if (error instanceof ApiError || signal?.aborted) {
    return error;
  }
  if (error?.name === 'TimeoutError') {
    return new ApiError(0, 'TIMEOUT', 'The service did not respond within ' + PATIENCE_MS / 1000 + ' seconds.');
  }
  lost('offline');
  return new ApiError(0, 'CONNECTION_LOST', 'The service cannot be reached.');
}

/** Goes to the login, which leads back to here. */
export function login() {
  if (route().view !== 'login') {
    navigate('/console/login?to=' + encodeURIComponent(location.pathname + location.search), { replace: true });
  }
}

/** @param {Query} [query] */
function search(query = {}) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== '') {
        all.append(name, String(each));
      }
    }
  }
  const text = all.toString();
  return text === '' ? '' : '?' + text;
}

/**
 * @typedef {{
 *   method?: string, path: string, query?: Query, json?: any, body?: string, type?: string, accept?: string,
 *   headers?: Record<string, string>,
 * }} Call
 */

/** Whether commands have to bring credentials; the session says so. */
let needsToken = false;

/** @param {boolean} needed */
export function setNeedsToken(needed) {
  needsToken = needed;
}

/**
 * The same call as a command for a POSIX shell (bash where a body has control characters). The token is not in it, but
 * the variable that it is to be in.
 *
 * @param {Call} call
 * @returns {string}
 */
export function curl({ method = 'GET', path, query, json, body, type, accept, headers = {} }) {
  const data = json === undefined ? body : JSON.stringify(json);
  const parts = [
    'curl' + (method === 'GET' ? '' : ' -X ' + method) + ' ' + quote(location.origin + path + search(query)),
  ];
  if (needsToken) {
    parts.push('-H "Authorization: Bearer $TRUNKLINE_TOKEN"');
  }
  if (accept !== undefined) {
    parts.push('-H ' + quote('Accept: ' + accept));
  }
  for (const [name, value] of Object.entries(headers)) {
    parts.push('-H ' + quote(name + ': ' + value));
  }
  if (data !== undefined) {
    parts.push('-H ' + quote('Content-Type: ' + (type ?? 'application/json')), '--data-raw ' + quote(data));
  }
  return parts.join(' \\\n  ');
}

/**
 * Text as one word of a shell.
 *
 * @param {string} text
 */
export function quote(text) {
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) {
    // eslint-disable-next-line no-control-regex
    const escaped = text.replace(/[\\']/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (c) => {
      return '\\x' + c.charCodeAt(0).toString(16).padStart(2, '0');
    });
    return "$'" + escaped + "'";
  }
  return "'" + text.replaceAll("'", "'\\''") + "'";
}
