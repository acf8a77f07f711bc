// @ts-check
import { html, useMemo, useState } from '../html.js';
import { parseJson } from './json-text.js';

/** @typedef {import('./json-text.js').Json} Json */

/** Documents of fewer values are shown unfolded. */
const SMALL = 120;
const AT_ONCE = 100;
const LONG_TEXT = 2_000;

/**
 * A JSON text as a tree. Numbers are shown as they are written, and names that come twice are shown twice. What is not JSON
 * is said to be so and shown as it is.
 *
 * @param {{text: string}} props
 */
export function JsonTree({ text }) {
  const parsed = useMemo(() => {
    try {
      return { json: parseJson(text), error: null };
    } catch (error) {
      return { json: null, error: /** @type {Error} */ (error) };
    }
  }, [text]);
  if (parsed.json === null) {
    return html`<div class="json">
      <p class="hint">Not valid JSON: ${parsed.error?.message}. It is shown as it is.</p>
      <pre class="raw">${text}</pre>
    </div>`;
  }
  return html`<div class="json">
    <${Node} name=${null} json=${parsed.json} depth=${0} small=${parsed.json.size <= SMALL} />
  </div>`;
}

/** @param {{name: string | number | null, json: Json, depth: number, small: boolean}} props */
function Node({ name, json, depth, small }) {
  const label =
    name === null ? null : html`<span class=${typeof name === 'number' ? 'json-index' : 'json-name'}>${name}</span>`;
  if (json.kind === 'object' || json.kind === 'array') {
    return html`<${Branch} label=${label} json=${json} depth=${depth} small=${small} />`;
  }
  return html`<div class="json-line">${label}<${Scalar} json=${json} /></div>`;
}

/** @param {{label: any, json: Json, depth: number, small: boolean}} props */
function Branch({ label, json, depth, small }) {
  const [open, setOpen] = useState(small || depth === 0);
  const [most, setMost] = useState(AT_ONCE);
  const children = json.children ?? [];
  const isArray = json.kind === 'array';
  const summary = isArray ? '[' + children.length + ']' : '{' + children.length + '}';
  if (children.length === 0) {
    return html`<div class="json-line">${label}<span class="json-mark">${isArray ? '[ ]' : '{ }'}</span></div>`;
  }
  return html`<details
    class="json-branch"
    open=${open}
    onToggle=${(/** @type {any} */ event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}
  >
    <summary>${label}<span class="json-mark">${summary}</span></summary>
    ${
      open
        ? html`<div class="json-children">
            ${children
              .slice(0, most)
              .map(
                ([key, child], i) =>
                  html`<${Node} key=${i} name=${isArray ? i : key} json=${child} depth=${depth + 1} small=${small} />`,
              )}
            ${
              children.length > most
                ? html`<button type="button" class="button quiet" onClick=${() => setMost(most + 10 * AT_ONCE)}>
                    ${children.length - most} more
                  </button>`
                : null
            }
          </div>`
        : null
    }
  </details>`;
}

/** @param {{json: Json}} props */
function Scalar({ json }) {
  const [whole, setWhole] = useState(false);
  const text = json.text ?? '';
  if (json.kind !== 'string') {
    return html`<span class=${'json-' + json.kind}>${text}</span>`;
  }
  const cut = text.length > LONG_TEXT && !whole;
  return html`<span class="json-string">${'"' + (cut ? text.slice(0, LONG_TEXT) : text) + (cut ? '' : '"')}</span>${
      cut
        ? html`<button type="button" class="button quiet" onClick=${() => setWhole(true)}>
            … ${text.length - LONG_TEXT} more characters
          </button>`
        : null
    }`;
}
