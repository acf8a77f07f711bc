// @ts-check
/**
 * What somebody has typed and not sent. It outlives the view, so that a login in between loses nothing: in the memory of the
 * page, and in the storage of its tab only while the browser is at the OpenID provider. Tokens are never in it.
 */
import { useEffect, useState } from '../html.js';

const STORED = 'trunkline.console.drafts';
const MOST_STORED = 2 * 1024 * 1024;
const MOST_DRAFTS = 20;

/** @type {Map<string, any>} */
const drafts = new Map(takeStored());

/** @returns {[string, any][]} */
function takeStored() {
  try {
    const stored = sessionStorage.getItem(STORED);
    sessionStorage.removeItem(STORED);
    return stored === null ? [] : JSON.parse(stored);
  } catch {
    return [];
  }
}

/** Keeps drafts while the browser leaves the page for a login. */
export function stashDrafts() {
  const text = JSON.stringify([...drafts]);
  try {
    if (drafts.size > 0 && text.length <= MOST_STORED) {
      sessionStorage.setItem(STORED, text);
    }
  } catch {
    // A browser without storage loses what was typed at a login by the provider; a login by token keeps it.
  }
}

/**
 * A state that comes back when the view does.
 *
 * @template T
 * @param {string} name
 * @param {() => T} initial JSON, so that it can be stored
 * @returns {[T, (next: T | ((before: T) => T)) => void, () => void]} the state, how to set it, and how to forget it
 */
export function useDraft(name, initial) {
  const [state, setState] = useState(() => ({
    name,
    value: /** @type {T} */ (drafts.has(name) ? drafts.get(name) : initial()),
  }));
  useEffect(() => {
    if (state.name !== name) {
      setState({ name, value: drafts.has(name) ? drafts.get(name) : initial() });
    }
  }, [name]);
  /** @param {T | ((before: T) => T)} next */
  function set(next) {
    const before = drafts.has(name) ? drafts.get(name) : state.value;
    const value = typeof next === 'function' ? /** @type {(before: T) => T} */ (next)(before) : next;
    drafts.delete(name);
    drafts.set(name, value);
    if (drafts.size > MOST_DRAFTS) {
      drafts.delete(/** @type {string} */ (drafts.keys().next().value));
    }
    setState({ name, value });
  }
  return [state.value, set, () => drafts.delete(name)];
}
