// @ts-check
/** The URL is the state: which view is shown, of what, and how. */
import { createStore, useStore } from './store.js';

const BASE = '/console';

/** @typedef {{view: string, params: Record<string, string>, query: URLSearchParams, path: string}} Route */

/**
 * Views and their paths below /console; a segment that begins with a colon is a parameter.
 *
 * @type {[string, string[]][]}
 */
const PATHS = [
  ['overview', []],
  ['topics', ['topics']],
  ['topic', ['topics', ':topic']],
  ['records', ['topics', ':topic', 'records']],
  ['tail', ['topics', ':topic', 'tail']],
  ['send', ['topics', ':topic', 'send']],
  ['groups', ['groups']],
  ['group', ['groups', ':group']],
  ['access', ['access']],
  ['login', ['login']],
];

/** @type {import('./store.js').Store<Route>} */
const current = createStore(parse(location.pathname, location.search));

/** How often a view was opened; the first is the one that the browser has loaded. */
let navigations = 0;

/**
 * The route of a path and query; the view is `lost` where no view has this path.
 *
 * @param {string} pathname
 * @param {string} search
 * @returns {Route}
 */
export function parse(pathname, search) {
  const query = new URLSearchParams(search);
  const segments = pathname
    .slice(BASE.length)
    .split('/')
    .filter((segment) => segment !== '');
  for (const [view, path] of PATHS) {
    const params = match(path, segments);
    if (params) {
      return { view, params, query, path: pathname };
    }
  }
  return { view: 'lost', params: {}, query, path: pathname };
}

/**
 * @param {string[]} path
 * @param {string[]} segments
 * @returns {Record<string, string> | null}
 */
function match(path, segments) {
  if (path.length !== segments.length) {
    return null;
  }
  /** @type {Record<string, string>} */
  const params = {};
  for (let i = 0; i < path.length; i++) {
    if (path[i].startsWith(':')) {
      try {
        params[path[i].slice(1)] = decodeURIComponent(segments[i]);
      } catch {
        return null; // a broken % escape
      }
    } else if (path[i] !== segments[i]) {
      return null;
    }
  }
  return params;
}

/** @returns {Route} the route that is shown; changes with the URL. */
export function useRoute() {
  return useStore(current);
}

/** @returns {Route} */
export function route() {
  return current.get();
}

/** @returns {boolean} whether the reader has gone from one view to another since the page was loaded. */
export function hasNavigated() {
  return navigations > 0;
}

/**
 * The URL of a view: `url(['topics', topic, 'records'], {partition: 0})`. Segments and values are encoded; values that are
 * null, undefined or empty are left out.
 *
 * @param {string[]} segments
 * @param {Record<string, string | number | boolean | null | undefined>} [query]
 * @returns {string}
 */
export function url(segments, query = {}) {
  const path = segments.map((segment) => '/' + encodeURIComponent(segment)).join('');
  return BASE + (path === '' ? '/' : path) + searchOf(query);
}

/**
 * @param {Record<string, string | number | boolean | null | undefined>} query
 * @returns {string}
 */
function searchOf(query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') {
      search.append(name, String(value));
    }
  }
  const text = search.toString();
  return text === '' ? '' : '?' + text;
}

/**
 * Opens a view.
 *
 * @param {string} href a URL below /console
 * @param {{replace?: boolean}} [options] whether it takes the place of the current one in the history
 * @throws {Error} if it leads elsewhere: a link from outside must not use this page to send somebody on
 */
export function navigate(href, { replace = false } = {}) {
  const target = new URL(href, location.href);
  if (target.origin !== location.origin || !isConsole(target.pathname)) {
    throw new Error(href + ' is not a view of the console');
  }
  const before = current.get().path;
  const to = target.pathname + target.search + target.hash;
  if (replace) {
    history.replaceState(null, '', to);
  } else {
    history.pushState(null, '', to);
  }
  show(before);
}

/**
 * Changes parameters of the current URL; null or an empty value removes one.
 *
 * @param {Record<string, string | number | boolean | null | undefined>} changes
 * @param {{replace?: boolean}} [options]
 */
export function setQuery(changes, options) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') {
      query.delete(name);
    } else {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  navigate(location.pathname + (text === '' ? '' : '?' + text), options);
}

/** @param {string} before the path of the view that was shown */
function show(before) {
  if (location.pathname !== before) {
    navigations++;
    scrollTo(0, 0);
  }
  current.set(parse(location.pathname, location.search));
}

/** @param {string} pathname */
function isConsole(pathname) {
  return (pathname === BASE || pathname.startsWith(BASE + '/')) && !pathname.startsWith(BASE + '/assets/');
}

/** Lets plain links and the browser's back and forward open views without loading the page again. */
export function start() {
  addEventListener('popstate', () => {
    if (location.pathname !== current.get().path) {
      navigations++;
    }
    current.set(parse(location.pathname, location.search));
  });
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    ) {
      return;
    }
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) {
      return;
    }
    const samePage = link.pathname === location.pathname && link.search === location.search && link.hash !== '';
    if (link.origin === location.origin && isConsole(link.pathname) && !samePage) {
      event.preventDefault();
      navigate(link.href);
    }
  });
}
