// @ts-check
/** Records of a topic: where from, in which order, which ones, and each of them in full. */
import { Time, bytes, count } from '../format.js';
import { html, useEffect, useMemo, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { fromLocalField, readFrom, toLocalField } from '../logic/from.js';
import { parseId, sizeOfRow } from '../logic/record.js';
import { setQuery, url } from '../router.js';
import { may, useRights } from '../session.js';
import { Button, Empty, ErrorBox, Field, Loading, Page } from '../ui/basic.js';
import { VirtualTable } from '../ui/table.js';
import { TopicNav } from '../ui/topic-nav.js';
import { FilterEditor, typedDraft } from './filter-editor.js';
import { Part, RecordPanel } from './record-panel.js';
import { recordAt } from './record-source.js';
import { SearchBar, useSearch } from './records-search.js';

/** @typedef {import('../logic/record.js').Row} Row */
/** @typedef {import('./records-search.js').Asked} Asked */

/** Partitions that a select lists; of more, a number is typed. */
const MOST_OPTIONS = 200;

/** @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Records({ params: { topic }, query }) {
  const session = useRights({ topics: [topic] });
  const asked = useMemo(
    () => askedOf(topic, query),
    [topic, ...['partition', 'from', 'order', 'filter'].map((name) => query.get(name))],
  );
  const searching = useSearch(asked);
  const { search } = searching;
  const opened = query.get('record');
  const rows = search?.rows ?? [];
  const unsettled = useMemo(
    () => new Set(search === null || search.status === 'done' ? [] : rows.slice(search.settled).map((row) => row.id)),
    [rows, search?.settled, search?.status],
  );
  const close = () => setQuery({ record: null });
  useKeys(
    { m: searching.goOn, '.': searching.stop, Escape: () => opened !== null && close(), '/': focusFilter },
    { m: 'go on with the search', '.': 'stop the search', Escape: 'close the record' },
  );
  return html`<${Page} title=${topic} crumbs=${[{ title: 'Topics', href: url(['topics']) }]}>
    <${TopicNav} topic=${topic} selected="records" session=${session} />
    <${SearchForm} key=${JSON.stringify(asked)} asked=${asked} extents=${searching.extents} />
    <${SearchBar} searching=${searching} asked=${asked} />
    <div class=${'split' + (opened === null ? '' : ' opened')}>
      ${
        rows.length === 0
          ? html`<${NoRows}
              searching=${searching}
              asked=${asked}
              topic=${topic}
              writes=${may(session, 'topic', 'write', topic)}
            />`
          : html`<${VirtualTable}
              label="Records"
              columns=${opened === null ? COLUMNS : NARROW}
              rows=${rows}
              rowKey=${(/** @type {Row} */ row) => row.id}
              selected=${opened}
              onSelect=${(/** @type {string} */ id) => setQuery({ record: id }, { replace: opened !== null })}
              rowClass=${(/** @type {Row} */ row) => (unsettled.has(row.id) ? 'unsettled' : '')}
              height=${opened === null ? '70vh' : 'var(--split-height)'}
            />`
      }
      ${
        opened === null
          ? null
          : html`<${Opened}
              topic=${topic}
              id=${opened}
              rows=${rows}
              writes=${may(session, 'topic', 'write', topic)}
              onClose=${close}
            />`
      }
    </div>
  <//>`;
}

/** @type {import('../ui/table.js').Column[]} */
const COLUMNS = [
  { name: 'partition', title: 'Partition', align: 'right', width: '4.5rem', render: (row) => row.partition },
  { name: 'offset', title: 'Offset', align: 'right', width: 'minmax(5rem, 0.6fr)', render: (row) => row.offset },
  {
    name: 'time',
    title: 'Time',
    width: '14.5rem',
    wide: true,
    render: (row) => html`<${Time} value=${row.timestamp} focus=${false} />`,
  },
  {
    name: 'key',
    title: 'Key',
    width: 'minmax(6rem, 1fr)',
    render: (row) => html`<${Part} base64=${row.key} none="–" characters=${90} />`,
  },
  {
    name: 'value',
    title: 'Value',
    width: 'minmax(8rem, 3fr)',
    render: (row) => html`<${Part} base64=${row.value} none="tombstone" characters=${240} />`,
  },
  { name: 'size', title: 'Size', align: 'right', width: '5rem', wide: true, render: (row) => bytes(sizeOfRow(row)) },
];
const NARROW = COLUMNS.filter(({ name }) => name !== 'size');

/**
 * @param {string} topic
 * @param {URLSearchParams} query
 * @returns {Asked}
 */
function askedOf(topic, query) {
  const { from, order, problem } = readFrom(query.get('from'), query.get('order'));
  const partition = query.get('partition') ?? '';
  const filter = (query.get('filter') ?? '').trim();
  const isNumber = /^[0-9]{1,9}$/.test(partition);
  return {
    topic,
    partition: isNumber ? Number(partition) : null,
    from,
    order,
    filter,
    problem:
      partition !== '' && !isNumber
        ? 'A partition is a whole number from 0.'
        : (problem ??
          (from.kind === 'offset' && !isNumber
            ? 'An offset is one of a partition: choose which.'
            : typedDraft(filter).problem)),
  };
}

function focusFilter() {
  const filter = document.querySelector('.filter');
  const field = filter?.querySelector('input, select') ?? filter?.querySelector('button');
  if (field instanceof HTMLElement) {
    field.focus();
  }
}

/** @param {{asked: Asked, extents: import('../logic/search.js').Extent[] | null}} props */
function SearchForm({ asked, extents }) {
  const [partition, setPartition] = useState(asked.partition === null ? '' : String(asked.partition));
  const [order, setOrder] = useState(asked.order);
  const [kind, setKind] = useState(asked.from.kind);
  const [offset, setOffset] = useState(asked.from.kind === 'offset' ? String(asked.from.offset) : '');
  const [time, setTime] = useState(asked.from.kind === 'time' ? toLocalField(asked.from.time) : '');
  const [filter, setFilter] = useState(typedDraft(asked.filter));
  const [tried, setTried] = useState(asked.problem !== null);
  const offsetProblem =
    kind !== 'offset'
      ? null
      : !/^[0-9]{1,15}$/.test(offset.trim())
        ? 'A whole number from 0.'
        : partition === ''
          ? 'Choose a partition.'
          : null;
  const timeProblem = kind === 'time' && fromLocalField(time) === null ? 'A date and a time.' : null;
  const ok = offsetProblem === null && timeProblem === null && filter.problem === null;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    setTried(true);
    if (!ok) {
      return;
    }
    const millis = fromLocalField(time);
    const from =
      kind === 'offset' ? offset.trim() : kind === 'time' && millis !== null ? new Date(millis).toISOString() : null;
    // The order that the beginning has anyway need not stand in the URL.
    const usual = readFrom(from, null).order;
    setQuery({ partition, from, order: order === usual ? null : order, filter: filter.text.trim(), record: null });
  }

  const hint = extents === null ? undefined : extentHint(extents, partition);
  return html`<form class="panel padded search-form" onSubmit=${submit} role="search" aria-label="Records">
    <div class="fields">
      <${Field} label="Partition" hint=${hint}>
        ${
          extents === null || extents.length > MOST_OPTIONS
            ? html`<input
                type="text"
                inputmode="numeric"
                placeholder="all"
                value=${partition}
                onInput=${(/** @type {any} */ event) => setPartition(event.target.value.trim())}
              />`
            : html`<select
                value=${partition}
                onChange=${(/** @type {any} */ event) => setPartition(event.target.value)}
              >
                <option value="">All ${extents.length}</option>
                ${extents.map((extent) => html`<option key=${extent.partition} value=${String(extent.partition)}>${extent.partition}</option>`)}
              </select>`
        }
      <//>
      <${Field} label="Order">
        <select value=${order} onChange=${(/** @type {any} */ event) => setOrder(event.target.value)}>
          <option value="desc">Newest first</option>
          <option value="asc">Oldest first</option>
        </select>
      <//>
      <${Field} label="From">
        <select value=${kind} onChange=${(/** @type {any} */ event) => setKind(event.target.value)}>
          <option value="start">${order === 'desc' ? 'the newest record' : 'the oldest record'}</option>
          <option value="offset">an offset</option>
          <option value="time">a time</option>
        </select>
      <//>
      ${
        kind === 'offset'
          ? html`<${Field} label="Offset" error=${tried ? offsetProblem : null}>
              <input
                type="text"
                inputmode="numeric"
                value=${offset}
                onInput=${(/** @type {any} */ event) => setOffset(event.target.value)}
              />
            <//>`
          : null
      }
      ${
        kind === 'time'
          ? html`<${Field} label="Time" hint=${utcHint(time)} error=${tried ? timeProblem : null}>
              <input
                type="datetime-local"
                step="0.001"
                value=${time}
                onInput=${(/** @type {any} */ event) => setTime(event.target.value)}
              />
            <//>`
          : null
      }
    </div>
    <div class="filter-line">
      <${FilterEditor} value=${asked.filter} onChange=${setFilter} shown=${tried} />
      <${Button} kind="main" type="submit">Search<//>
    </div>
    ${asked.problem !== null && ok ? html`<p class="field-error" role="alert">${asked.problem}</p>` : null}
  </form>`;
}

/** @param {string} local */
function utcHint(local) {
  const millis = fromLocalField(local);
  return millis === null ? 'In your time zone.' : `${new Date(millis).toISOString()}`;
}

/**
 * @param {import('../logic/search.js').Extent[]} extents
 * @param {string} partition
 */
function extentHint(extents, partition) {
  if (partition === '') {
    return `${count(extents.reduce((sum, { logStart, end }) => sum + end - logStart, 0))} records`;
  }
  const extent = extents.find((each) => String(each.partition) === partition);
  return extent === undefined
    ? 'No such partition.'
    : extent.end === extent.logStart
      ? 'empty'
      : `offsets ${extent.logStart} to ${extent.end - 1}`;
}

/** @param {{searching: import('./records-search.js').Searching, asked: Asked, topic: string, writes: boolean}} props */
function NoRows({ searching: { search, extents }, asked, topic, writes }) {
  if (search === null || search.status === 'failed') {
    return null;
  }
  if (search.status === 'running' || search.status === 'ready') {
    return html`<${Loading} label="Searching" />`;
  }
  const isEmpty = extents !== null && extents.every(({ logStart, end }) => logStart >= end);
  if (isEmpty) {
    return html`<div class="panel">
      <${Empty}
        title="The topic has no records"
        action=${writes ? html`<${Button} kind="main" href=${url(['topics', topic, 'send'])}>Send one<//>` : null}
        >What is written appears here after a search, and in the live tail at once.<//
      >
    </div>`;
  }
  const words =
    search.status === 'done'
      ? asked.filter === ''
        ? 'No record lies in this range.'
        : 'All records of the range have been searched, and none matches the filter.'
      : 'Nothing has been found so far, and not everything has been searched.';
  return html`<div class="panel"><${Empty} title="No records">${words}<//></div>`;
}

/** @param {{topic: string, id: string, rows: Row[], writes: boolean, onClose: () => void}} props */
export function Opened({ topic, id, rows, writes, onClose }) {
  const listed = rows.find((row) => row.id === id) ?? null;
  const [loaded, setLoaded] = useState(/** @type {{id: string, row?: Row, error?: any} | null} */ (null));
  const missing = listed === null;
  useEffect(() => {
    const place = parseId(id);
    if (!missing || place === null || loaded?.id === id) {
      return undefined;
    }
    const controller = new AbortController();
    recordAt(topic, place.partition, place.offset, controller.signal).then(
      (row) => setLoaded({ id, row }),
      (error) => controller.signal.aborted || setLoaded({ id, error }),
    );
    return () => controller.abort();
  }, [topic, id, missing]);
  const own = loaded?.id === id ? loaded : null;
  const row = listed ?? own?.row ?? null;
  if (row !== null) {
    return html`<${RecordPanel} topic=${topic} row=${row} writes=${writes} onClose=${onClose} />`;
  }
  const isId = parseId(id) !== null;
  return html`<section class="panel padded record" aria-label="Record">
    ${isId ? null : html`<p class="field-error">The address names no record: it has to be a partition and an offset, such as 0:42.</p>`}
    ${own?.error ? html`<${ErrorBox} error=${own.error} />` : isId ? html`<${Loading} label="Loading the record" />` : null}
    <div class="actions"><${Button} onClick=${onClose}>Close<//></div>
  </section>`;
}
