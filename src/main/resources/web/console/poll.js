// @ts-check
/** Views that stay up to date without being a burden. */
import { connection } from './api.js';
import { useCallback, useEffect, useRef, useState } from './html.js';

/** No view asks more often. */
const LEAST_MS = 5_000;
const MOST_MS = 60_000;

/**
 * What is loaded again and again: one request at a time, none while the tab is hidden, and after errors ever less often.
 * When the connection is back, it is loaded at once. Errors leave the last data where they are.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {number} everyMs 5,000 or more; 0 to load once
 * @param {any[]} deps what `load` depends on: when it changes, it is loaded at once, and the data are those of before
 *   until the new ones are here
 * @returns {{data: T | undefined, error: any, loading: boolean, reload: () => void, at: number | undefined}} `at` is when
 *   the data came, in milliseconds since 1970
 */
export function usePolled(load, everyMs, deps) {
  const [state, setState] = useState({
    data: /** @type {T | undefined} */ (undefined),
    error: /** @type {any} */ (undefined),
    loading: true,
    at: /** @type {number | undefined} */ (undefined),
  });
  const latest = useRef(load);
  latest.current = load;
  const now = useRef(() => {});
  const reload = useCallback(() => now.current(), []);

  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const controller = new AbortController();
    let running = false;
    let again = false;
    let failures = 0;
    let due = 0;

    async function run() {
      clearTimeout(timer);
      if (running) {
        again = true;
        return;
      }
      running = true;
      again = false;
      const { signal } = controller;
      setState((before) => ({ ...before, loading: true }));
      try {
        const data = await latest.current(signal);
        if (!signal.aborted) {
          failures = 0;
          setState({ data, error: undefined, loading: false, at: Date.now() });
        }
      } catch (error) {
        if (!signal.aborted) {
          failures++;
          setState((before) => ({ ...before, error, loading: false }));
        }
      }
      running = false;
      if (!signal.aborted) {
        schedule();
      }
    }

    function schedule() {
      const every = Math.max(everyMs, LEAST_MS);
      if (again) {
        run();
      } else if (everyMs > 0) {
        const wait = Math.min(every * 2 ** Math.min(failures, 4), Math.max(every, MOST_MS));
        due = Date.now() + wait;
        timer = document.hidden ? undefined : setTimeout(run, wait);
      }
    }

    function onVisible() {
      clearTimeout(timer);
      if (!document.hidden && !running && everyMs > 0) {
        timer = setTimeout(run, Math.max(0, due - Date.now()));
      }
    }

    let state = connection.get().state;
    const unsubscribe = connection.subscribe((next) => {
      if (next.state === 'online' && state !== 'online') {
        run();
      }
      state = next.state;
    });
    document.addEventListener('visibilitychange', onVisible);
    now.current = run;
    run();
    return () => {
      clearTimeout(timer);
      controller.abort();
      unsubscribe();
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [everyMs, ...deps]);

  return { ...state, reload };
}
