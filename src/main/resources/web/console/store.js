// @ts-check
/** Values that several components watch. */
import { useEffect, useState } from './html.js';

/**
 * A value with subscribers.
 *
 * @template T
 * @typedef {{get: () => T, set: (value: T) => void, subscribe: (listener: (value: T) => void) => () => void}} Store
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Store<T>}
 */
export function createStore(initial) {
  let current = initial;
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) {
        return;
      }
      current = value;
      for (const listener of [...listeners]) {
        listener(value);
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/**
 * The store's value; the component is rendered again when it changes.
 *
 * @template T
 * @param {Store<T>} store
 * @returns {T}
 */
export function useStore(store) {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const take = (/** @type {T} */ next) => setValue(() => next);
    take(store.get());
    return store.subscribe(take);
  }, [store]);
  return value;
}
