// @ts-check
/** A search as the view shows it: it begins with what the URL says, and can be stopped and gone on with. */
import { html, useEffect, useRef, useState } from '../html.js';
import { count } from '../format.js';
import { Search } from '../logic/search.js';
import { url } from '../router.js';
import { Button, ErrorBox, Loading, Progress } from '../ui/basic.js';
import { extentsOf, sourceOf } from './record-source.js';

/** @typedef {import('../logic/from.js').Order} Order */
/** @typedef {import('../logic/search.js').From} From */
/** @typedef {import('../logic/search.js').Extent} Extent */
/** @typedef {{topic: string, partition: number | null, from: From, order: Order, filter: string, problem: string | null}} Asked */

/** Records that are looked for at once, without and with a filter. */
const BROWSE = 200;
const FIND = 500;
const DRAW_MS = 120;

/**
 * @typedef {object} Searching
 * @property {Search | null} search
 * @property {Extent[] | null} extents of all partitions of the topic
 * @property {any} error why no search could begin
 * @property {() => void} stop
 * @property {() => void} goOn
 * @property {() => void} again begins anew, with what has been written since
 */

/**
 * @param {Asked} asked
 * @returns {Searching}
 */
export function useSearch(asked) {
  const [state, setState] = useState({
    search: /** @type {Search | null} */ (null),
    extents: /** @type {Extent[] | null} */ (null),
    error: /** @type {any} */ (null),
  });
  const [run, setRun] = useState(0);
  const draw = useRedraw();
  const controller = useRef(new AbortController());
  const key = JSON.stringify([asked, run]);

  /** @param {Search} search */
  function go(search) {
    controller.current = new AbortController();
    search.run(asked.filter === '' ? BROWSE : FIND, controller.current.signal);
  }

  useEffect(() => {
    const own = new AbortController();
    controller.current = own;
    setState((before) => ({ search: null, extents: before.extents, error: null }));
    begin(asked, own.signal, draw).then(
      ({ search, extents }) => {
        if (!own.signal.aborted) {
          setState({ search, extents, error: null });
          if (search !== null) {
            go(search);
          }
        }
      },
      (error) => own.signal.aborted || setState((before) => ({ ...before, search: null, error })),
    );
    return () => {
      own.abort();
      controller.current.abort();
    };
  }, [key]);

  return {
    ...state,
    stop: () => controller.current.abort(),
    goOn: () => state.search !== null && state.search.resumable && go(state.search),
    again: () => setRun(run + 1),
  };
}

/**
 * @param {Asked} asked
 * @param {AbortSignal} signal
 * @param {() => void} onChange
 * @returns {Promise<{search: Search | null, extents: Extent[]}>}
 */
async function begin({ topic, partition, from, order, filter, problem }, signal, onChange) {
  const extents = await extentsOf(topic, signal);
  const partitions = partition === null ? extents : extents.filter((extent) => extent.partition === partition);
  if (partitions.length === 0) {
    throw new Error(`The topic has no partition ${partition}: they are 0 to ${extents.length - 1}.`);
  }
  const search =
    problem === null ? new Search({ partitions, order, from, filter, source: sourceOf(topic), onChange }) : null;
  return { search, extents };
}

/** @returns {() => void} draws the component again, soon and not too often */
function useRedraw() {
  const [, setVersion] = useState(0);
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const redraw = useRef(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setVersion((version) => version + 1);
    }, DRAW_MS);
  });
  return redraw.current;
}

/** How far the search is, and what can be done with it. @param {{searching: Searching, asked: Asked}} props */
export function SearchBar({ searching, asked }) {
  const { search, error, goOn, stop, again } = searching;
  if (error !== null) {
    return html`<${ErrorBox} error=${error} onRetry=${again} />`;
  }
  if (search === null) {
    return asked.problem === null ? html`<${Loading} label="Asking where the partitions begin and end" />` : null;
  }
  const { status, looked, total } = search;
  const unsettled = search.rows.length - search.settled;
  const next = status === 'limit' ? further(search, asked) : null;
  return html`<div class="search-bar">
    <${Progress}
      value=${total === 0 ? 1 : looked}
      max=${total === 0 ? 1 : total}
      label="How far the range has been searched"
    />
    <div class="toolbar">
      <p class="search-words"><b>${said(search)}</b><span class="muted">${progress(search)}</span></p>
      <span class="actions">
        ${status === 'running' ? html`<${Button} onClick=${stop} title="Stop (.)">Stop<//>` : null}
        ${search.resumable ? html`<${Button} kind="main" onClick=${goOn} title="Go on (m)">${asked.filter === '' && status === 'paused' ? 'More' : 'Go on'}<//>` : null}
        ${next === null ? null : html`<${Button} kind="main" href=${next}>Go on from here<//>`}
        ${status === 'running' ? null : html`<${Button} onClick=${again}>Search again<//>`}
      </span>
    </div>
    <span class="hidden" role="status">${status === 'running' ? 'Searching' : said(search)}</span>
    ${
      search.waiting === null
        ? null
        : html`<p class="hint" role="status">
            The service asks to wait: ${search.waiting.message} <code>${search.waiting.code}</code>
          </p>`
    }
    ${search.error === null ? null : html`<${ErrorBox} error=${search.error} />`}
    ${search.notes.map((note) => html`<p key=${note} class="alert" role="status">${note}</p>`)}
    ${
      unsettled > 0 && status !== 'running'
        ? html`<p class="hint">
            Records may still appear between the last ${count(unsettled)} rows, in grey: other partitions have not been
            searched as far.
          </p>`
        : null
    }
  </div>`;
}

/** @param {Search} search */
function said(search) {
  const found = search.filter === '' ? `${count(search.found)} shown` : `${count(search.found)} found`;
  switch (search.status) {
    case 'ready':
    case 'running':
      return search.unplaced > 0 ? `Looking up the time in ${count(search.unplaced)} partitions` : found;
    case 'done':
      return search.found === 0
        ? search.filter === ''
          ? 'Nothing in this range'
          : 'Nothing found'
        : `${found}, which is all`;
    case 'limit':
      return `${found}, as many as this page holds`;
    case 'stopped':
      return `Stopped, ${found}`;
    case 'failed':
      return `Interrupted, ${found}`;
    case 'paused':
      return found;
  }
}

/** @param {Search} search */
function progress({ looked, total }) {
  if (total === 0) {
    return 'the range has no records';
  }
  // What is not searched to its end must never read as 100 %.
  const share = Math.min((100 * looked) / total, looked < total ? 99.9 : 100);
  const percent = share === 100 || share === 0 ? String(share) : share.toFixed(share < 10 ? 1 : share > 99 ? 1 : 0);
  return `searched ${count(looked)} of ${count(total)} records, ${percent} %`;
}

/**
 * Where a search goes on that holds as much as it may: at the next offset of its partition, or at the time up to which all
 * partitions are known. Records of that very millisecond come again, so that none is left out.
 *
 * @param {Search} search
 * @param {Asked} asked
 * @returns {string | null} null where nothing is known of some partition yet
 */
function further(search, asked) {
  const { order, filter, topic } = asked;
  if (search.lanes.length === 1) {
    const { partition, position } = search.lanes[0];
    return url(['topics', topic, 'records'], { partition, from: position, order, filter });
  }
  if (search.settled === 0) {
    return null;
  }
  const { timestamp } = search.rows[search.settled - 1];
  const from = new Date(order === 'asc' ? timestamp : timestamp + 1).toISOString();
  return url(['topics', topic, 'records'], { from, order, filter });
}
