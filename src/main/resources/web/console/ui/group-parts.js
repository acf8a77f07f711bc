// @ts-check
import { UNKNOWN, count } from '../format.js';
import { html } from '../html.js';
import { Badge } from './basic.js';

/** @param {{state: string}} props */
export function StateBadge({ state }) {
  return html`<${Badge} kind=${state === 'Stable' ? 'good' : 'plain'}>${state}<//>`;
}

/** @param {{lag: number | null | undefined}} props */
export function LagCell({ lag }) {
  if (typeof lag !== 'number') {
    return html`<span class="unknown" title="Where to begin is not known">${UNKNOWN}</span>`;
  }
  return lag === 0 ? html`<span class="muted">0</span>` : html`<span>${count(lag)}</span>`;
}

const WIDTH = 96;
const HEIGHT = 20;

/**
 * A line as small as a word. Gaps are where nothing is known.
 *
 * @param {{values: (number | null)[], label: string}} props
 */
export function MiniSpark({ values, label }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) {
    return html`<span class="unknown">${UNKNOWN}</span>`;
  }
  const most = Math.max(
    1,
    known.reduce((a, b) => Math.max(a, b)),
  );
  let path = '';
  let isDrawn = false;
  values.forEach((value, i) => {
    if (value === null) {
      isDrawn = false;
      return;
    }
    const x = ((i / (values.length - 1)) * WIDTH).toFixed(1);
    const y = (HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1);
    path += (isDrawn ? 'L' : 'M') + x + ' ' + y;
    isDrawn = true;
  });
  return html`<svg
    class="mini"
    width=${WIDTH}
    height=${HEIGHT}
    viewBox=${'0 0 ' + WIDTH + ' ' + HEIGHT}
    role="img"
    aria-label=${label + ': now ' + count(known.at(-1)) + ', at most ' + count(most)}
  >
    <path d=${path} />
  </svg>`;
}
