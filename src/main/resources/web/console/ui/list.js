// @ts-check
/** Lists that the service filters, sorts and cuts into pages; the URL says how. */
import { html, useEffect, useRef, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { setQuery } from '../router.js';
import { count } from '../format.js';
import { Button, Field } from './basic.js';

export const PAGE = 100;
const TYPING_MS = 250;

/** @typedef {{name: string, sort: string, order: 'asc' | 'desc', start: number}} ListState */

/**
 * @param {URLSearchParams} query
 * @param {string[]} sorts the names that may be sorted by
 * @param {{sort: string, order: 'asc' | 'desc'}} usual
 * @returns {ListState}
 */
export function listState(query, sorts, usual) {
  const sort = query.get('sort') ?? '';
  const start = Number(query.get('start'));
  const known = sorts.includes(sort);
  const order = query.get('order');
  return {
    name: query.get('name') ?? '',
    sort: known ? sort : usual.sort,
    order: order === 'asc' || order === 'desc' ? order : known ? 'asc' : usual.order,
    start: Number.isInteger(start) && start > 0 ? start : 0,
  };
}

/**
 * A field that filters by name while somebody types; `/` goes to it.
 *
 * @param {{value: string, label: string, name?: string, placeholder?: string}} props `name` is that of the parameter of the URL
 */
export function SearchField({ value, label, name = 'name', placeholder }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setTyped(value); // back, forward, or a link
    }
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      sent.current = typed;
      setQuery({ [name]: typed, start: null }, { replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return html`<div class="grow" role="search">
    <${Field} label=${label} hideLabel>
      <input
        type="search"
        value=${typed}
        placeholder=${placeholder ?? label}
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
        onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
      />
    <//>
  </div>`;
}

/** @param {{start: number, shown: number, total: number}} props */
export function Pager({ start, shown, total }) {
  const hasNext = start + shown < total;
  const hasPrevious = start > 0;
  const next = () => hasNext && setQuery({ start: start + PAGE });
  const previous = () => hasPrevious && setQuery({ start: start > PAGE ? start - PAGE : null });
  const many = hasNext || hasPrevious;
  useKeys(many ? { n: next, p: previous } : {}, many ? { n: 'next page', p: 'previous page' } : {});
  return html`<div class="pager">
    <span role="status"
      >${shown === 0 ? '' : count(start + 1) + '–' + count(start + shown) + ' of ' + count(total)}</span
    >
    ${
      many
        ? html`<span class="actions">
            <${Button} disabled=${!hasPrevious} onClick=${previous}>Previous<//>
            <${Button} disabled=${!hasNext} onClick=${next}>Next<//>
          </span>`
        : null
    }
  </div>`;
}
