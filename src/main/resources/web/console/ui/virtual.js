// @ts-check
/** Long lists of which only the rows in sight are elements. */
import { useCallback, useLayoutEffect, useRef, useState } from '../html.js';

const OVERSCAN = 8;

/**
 * Which rows of a scrolling element are in sight. The element must have a bounded height and `overflow: auto`.
 *
 * @param {{count: number, rowHeight: number, headHeight?: number}} props heights in CSS pixels; `headHeight` of a head that
 *   sticks to the top
 * @returns {{
 *   ref: {current: any}, first: number, end: number, height: number, page: number,
 *   onScroll: () => void, reveal: (index: number) => void,
 * }} rows `first` to `end` (exclusive) are to be rendered, at `index * rowHeight` in an element of `height`; `page` is how
 *   many fit into sight
 */
export function useVirtual({ count, rowHeight, headHeight = 0 }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const [sight, setSight] = useState({ first: 0, end: Math.min(count, 50), page: 10 });

  const onScroll = useCallback(() => {
    const element = ref.current;
    if (!element) {
      return;
    }
    const page = Math.max(1, Math.floor((element.clientHeight - headHeight) / rowHeight));
    const top = Math.floor(element.scrollTop / rowHeight);
    const first = Math.max(0, Math.min(top, count - page) - OVERSCAN);
    const end = Math.min(count, first + page + 1 + 2 * OVERSCAN);
    setSight((before) => {
      return before.first === first && before.end === end && before.page === page ? before : { first, end, page };
    });
  }, [count, rowHeight, headHeight]);

  useLayoutEffect(() => {
    onScroll();
    const element = ref.current;
    if (!element) {
      return undefined;
    }
    const observer = new ResizeObserver(onScroll);
    observer.observe(element);
    return () => observer.disconnect();
  }, [onScroll, count > 0]);

  const reveal = useCallback(
    (/** @type {number} */ index) => {
      const element = ref.current;
      if (!element) {
        return;
      }
      const top = index * rowHeight;
      const room = element.clientHeight - headHeight;
      if (top < element.scrollTop) {
        element.scrollTop = top;
      } else if (top + rowHeight > element.scrollTop + room) {
        element.scrollTop = top + rowHeight - room;
      }
      onScroll();
    },
    [onScroll],
  );

  return { ref, ...sight, end: Math.min(sight.end, count), height: count * rowHeight, onScroll, reveal };
}
