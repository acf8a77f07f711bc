// @ts-check
import { byteRate, bytes, count, rate } from '../format.js';
import { html, useEffect, useRef, useState } from '../html.js';

/** @typedef {'records/s' | 'bytes/s' | 'bytes' | 'records'} Unit */

/** @type {Record<Unit, (n: number | null | undefined) => string>} */
const FORMATS = { 'records/s': rate, 'bytes/s': byteRate, bytes, records: count };
/** Steps of an axis of bytes: powers of two, so that its marks are whole KiB and MiB. */
const BINARY_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);
const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * A small plot over time. Where a value is not known there is a gap.
 *
 * @param {{
 *   times: number[], series: {label: string, values: (number | null)[]}[], label: string, unit: Unit, height?: number,
 * }} props times in milliseconds since 1970, ascending; two series at most
 */
export function Spark({ times, series, label, unit, height = 88 }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const [isDark, setDark] = useState(dark.matches);
  const latest = useRef({ times, series });
  latest.current = { times, series };
  const format = FORMATS[unit];

  useEffect(() => {
    const onChange = () => setDark(dark.matches);
    dark.addEventListener('change', onChange);
    return () => dark.removeEventListener('change', onChange);
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element) {
      return undefined;
    }
    let gone = false;
    /** @type {ResizeObserver | undefined} */
    let observer;
    import('../lib/uplot.js').then(({ default: Plot }) => {
      if (gone) {
        return;
      }
      const made = new Plot(
        options(
          element,
          series.map((each) => each.label),
          unit,
          height,
          setAt,
        ),
        dataOf(latest.current),
        element,
      );
      plot.current = made;
      observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [isDark, unit, height, series.length]);

  useEffect(() => {
    plot.current?.setData(dataOf({ times, series }));
  }, [times, ...series.map((each) => each.values)]);

  const shown = at === null ? times.length - 1 : at;
  return html`<figure class="spark">
    <figcaption>
      <span class="spark-label">${label}</span>
      ${series.map(
        (each, i) =>
          html`<span key=${each.label} class=${'spark-value s' + i}
            ><i aria-hidden="true"></i>${each.label} <b>${format(each.values[shown])}</b></span
          >`,
      )}
      <span class="spark-time">${at === null ? '' : clock(times[at])}</span>
    </figcaption>
    <div
      class="spark-plot"
      ref=${box}
      role="img"
      aria-label=${spoken(label, series, format)}
      style=${{ height: height + 'px' }}
    ></div>
  </figure>`;
}

/** @param {number} ms */
function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** @param {{times: number[], series: {values: (number | null)[]}[]}} data @returns {any} */
function dataOf({ times, series }) {
  return [times.map((ms) => ms / 1000), ...series.map((each) => each.values)];
}

/**
 * @param {string} label
 * @param {{label: string, values: (number | null)[]}[]} series
 * @param {(n: number | null | undefined) => string} format
 */
function spoken(label, series, format) {
  const parts = series.map(({ label: name, values }) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0
      ? name + ': not known'
      : name + ': now ' + format(known.at(-1)) + ', at most ' + format(known.reduce((a, b) => Math.max(a, b)));
  });
  return label + '. ' + parts.join('. ');
}

/**
 * @param {HTMLElement} element
 * @param {string[]} labels
 * @param {Unit} unit
 * @param {number} height
 * @param {(at: number | null) => void} setAt
 * @returns {any}
 */
function options(element, labels, unit, height, setAt) {
  const format = FORMATS[unit];
  const incrs = unit.startsWith('bytes') ? { incrs: BINARY_STEPS } : {};
  const css = getComputedStyle(element);
  const color = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const axis = { stroke: color('--muted'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  return {
    width: Math.max(element.clientWidth, 50),
    height,
    legend: { show: false },
    padding: [6, 18, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      y: {
        range: (/** @type {any} */ _u, /** @type {number} */ _min, /** @type {number} */ max) => [
          0,
          max > 0 ? max * 1.1 : 1,
        ],
      },
    },
    hooks: { setCursor: [(/** @type {any} */ u) => setAt(u.cursor.idx ?? null)] },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 18,
        gap: 2,
        space: 90,
        values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => ticks.map((t) => clock(t * 1000).slice(0, 5)),
      },
      {
        ...axis,
        ...incrs,
        grid: { stroke: color('--line'), width: 1 },
        size: 74,
        gap: 4,
        space: 26,
        values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => ticks.map((t) => format(t)),
      },
    ],
    series: [
      {},
      ...labels.map((label, i) => ({
        label,
        stroke: color(i === 0 ? '--accent' : '--second'),
        fill: i === 0 ? color('--accent-soft') : undefined,
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
