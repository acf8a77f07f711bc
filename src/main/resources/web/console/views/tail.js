// @ts-check
/** Records of a topic as they are written. */
import { get, pathOf } from '../api.js';
import { Time, bytes, count, rate } from '../format.js';
import { html, useEffect, useMemo, useRef, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { rowOf, sizeOfRow } from '../logic/record.js';
import { TailBuffer } from '../logic/tail-buffer.js';
import { TailStream } from '../logic/tail-stream.js';
import { setQuery, url } from '../router.js';
import { may, useRights } from '../session.js';
import { Badge, Button, Empty, ErrorBox, Field, Page, toast } from '../ui/basic.js';
import { VirtualTable } from '../ui/table.js';
import { TopicNav } from '../ui/topic-nav.js';
import { FilterEditor, typedDraft } from './filter-editor.js';
import { Part } from './record-panel.js';
import { BINARY, recordsPath } from './record-source.js';
import { Opened } from './records.js';

/** @typedef {import('../logic/record.js').Row} Row */
/** @typedef {import('../logic/tail-stream.js').Notice} Notice */

const DRAW_MS = 200;
const MOST_NOTICES = 20;

/** @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Tail({ params: { topic }, query }) {
  const session = useRights({ topics: [topic] });
  const filter = (query.get('filter') ?? '').trim();
  const partition = /^[0-9]{1,9}$/.test(query.get('partition') ?? '') ? Number(query.get('partition')) : null;
  const tail = useTail(topic, partition, filter);
  const { buffer, stream, notices, version, paused, toggle, clear, again } = tail;
  const rows = useMemo(() => buffer.rows(), [version]);
  const opened = query.get('record');
  const close = () => setQuery({ record: null });
  useKeys(
    { ' ': toggle, Escape: () => opened !== null && close() },
    { Space: 'pause the tail, or go on', Escape: 'close the record' },
  );
  const writes = may(session, 'topic', 'write', topic);
  return html`<${Page} title=${topic} crumbs=${[{ title: 'Topics', href: url(['topics']) }]}>
    <${TopicNav} topic=${topic} selected="tail" session=${session} />
    <${TailForm} key=${JSON.stringify([partition, filter])} partition=${partition} filter=${filter} />
    <div class="tail-bar">
      <div class="toolbar">
        <${StreamState} state=${stream.state} paused=${paused} />
        <p class="search-words">
          <b>${rate(buffer.rate(Date.now()))}</b>
          <span class="muted">${count(buffer.received)} received${held(buffer)}</span>
        </p>
        <span class="actions">
          <${Button} kind="main" onClick=${toggle} title="Space"
            >${paused ? `Go on${buffer.held.size > 0 ? `, ${count(buffer.held.size)} new` : ''}` : 'Pause'}<//
          >
          <${Button} onClick=${clear} disabled=${rows.length === 0}>Clear<//>
        </span>
      </div>
      ${
        buffer.missed > 0
          ? html`<p class="alert" role="status">
              ${count(buffer.missed)} records came during a pause and are not kept: a pause keeps the newest
              ${count(buffer.mostRows)}, and 32 MiB. They are in the log.
            </p>`
          : null
      }
      ${
        stream.state === 'reconnecting' && stream.reason
          ? html`<p class="hint" role="status">${stream.reason.message} <code>${stream.reason.code}</code></p>`
          : null
      }
      ${stream.state === 'ended' ? html`<${ErrorBox} error=${stream.reason} onRetry=${again} />` : null}
      ${notices.map((notice, i) => html`<p key=${i} class="alert" role="status">${notice.text}</p>`)}
    </div>
    <div class=${'split' + (opened === null ? '' : ' opened')}>
      ${
        rows.length === 0
          ? html`<div class="panel">
              <${Empty} title=${stream.state === 'ended' ? 'The tail has ended' : 'Waiting for records'}>
                ${filter === '' ? 'What is written from now on appears here.' : 'Records that are written from now on and match appear here.'}
              <//>
            </div>`
          : html`<${VirtualTable}
              label="Records, newest first"
              columns=${COLUMNS}
              rows=${rows}
              rowKey=${(/** @type {Row} */ row) => row.id}
              selected=${opened}
              onSelect=${(/** @type {string} */ id) => setQuery({ record: id }, { replace: opened !== null })}
              height=${opened === null ? '70vh' : 'var(--split-height)'}
            />`
      }
      ${
        opened === null
          ? null
          : html`<${Opened} topic=${topic} id=${opened} rows=${rows} writes=${writes} onClose=${close} />`
      }
    </div>
    ${buffer.gone > 0 ? html`<p class="hint">The newest ${count(rows.length)} are kept here; ${count(buffer.gone)} older ones are in the log.</p>` : null}
  <//>`;
}

/** @type {import('../ui/table.js').Column[]} */
const COLUMNS = [
  {
    name: 'time',
    title: 'Time',
    width: '14.5rem',
    wide: true,
    render: (row) => html`<${Time} value=${row.timestamp} focus=${false} />`,
  },
  { name: 'partition', title: 'Partition', align: 'right', width: '4.5rem', render: (row) => row.partition },
  { name: 'offset', title: 'Offset', align: 'right', width: 'minmax(5rem, 0.6fr)', render: (row) => row.offset },
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

/** @param {TailBuffer} buffer */
function held(buffer) {
  return buffer.paused ? `, ${count(buffer.held.size)} of them held back` : '';
}

/** @param {{state: import('../logic/tail-stream.js').State, paused: boolean}} props */
function StreamState({ state, paused }) {
  const [kind, text] = {
    connecting: ['plain', 'connecting'],
    open: paused ? ['warn', 'paused'] : ['good', 'live'],
    reconnecting: ['warn', 'connecting again'],
    ended: ['bad', 'ended'],
  }[state];
  return html`<span role="status"><${Badge} kind=${kind}>${text}<//></span>`;
}

/** @param {{partition: number | null, filter: string}} props */
function TailForm({ partition, filter }) {
  const [typed, setTyped] = useState(partition === null ? '' : String(partition));
  const [draft, setDraft] = useState(typedDraft(filter));
  const [tried, setTried] = useState(false);
  const problem = /^([0-9]{1,9})?$/.test(typed) ? null : 'A whole number from 0, or nothing for all.';
  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    setTried(true);
    if (problem === null && draft.problem === null) {
      setQuery({ partition: typed, filter: draft.text.trim() });
    }
  }
  return html`<form class="panel padded search-form" onSubmit=${submit} role="search" aria-label="What is followed">
    <div class="filter-line">
      <div class="partition-field">
        <${Field} label="Partition" error=${tried ? problem : null}>
          <input
            type="text"
            inputmode="numeric"
            placeholder="all"
            value=${typed}
            onInput=${(/** @type {any} */ event) => setTyped(event.target.value.trim())}
          />
        <//>
      </div>
      <${FilterEditor} value=${filter} onChange=${setDraft} shown=${tried} />
      <${Button} type="submit">Follow<//>
    </div>
  </form>`;
}

/**
 * @param {string} topic
 * @param {number | null} partition
 * @param {string} filter
 */
function useTail(topic, partition, filter) {
  const [run, setRun] = useState(0);
  const [version, setVersion] = useState(0);
  const [paused, setPaused] = useState(false);
  const [notices, setNotices] = useState(/** @type {Notice[]} */ ([]));
  const key = JSON.stringify([topic, partition, filter, run]);
  const made = useRef(/** @type {{key: string, buffer: TailBuffer, stream: TailStream} | null} */ (null));
  const redraw = () => setVersion((before) => before + 1);

  if (made.current === null || made.current.key !== key) {
    const buffer = new TailBuffer();
    const path = partition === null ? pathOf('topics', topic, 'records') : recordsPath(topic, partition);
    const stream = new TailStream({
      url: (cursor) => {
        const search = new URLSearchParams({
          format: 'binary',
          ...(cursor === null ? { from: 'latest' } : { cursor }),
        });
        if (filter !== '') {
          search.set('filter', filter);
        }
        return `${path}?${search}`;
      },
      open: (href) => new EventSource(href),
      probe: () =>
        get(recordsPath(topic, partition ?? 0), { accept: BINARY, query: { filter, max_records: 1, max_bytes: 1 } }),
      onRecord: (record) => buffer.push(rowOf(record), Date.now()),
      onNotice: (notice) => setNotices((before) => [...before, notice].slice(-MOST_NOTICES)),
      onState: redraw,
    });
    made.current = { key, buffer, stream };
  }
  const { buffer, stream } = made.current;

  useEffect(() => {
    setPaused(false);
    setNotices([]);
    stream.start();
    return () => stream.stop();
  }, [key]);

  useEffect(() => {
    // Records may come by the thousand a second: they are drawn a few times a second, and the rate once.
    let drawn = { received: -1, second: 0 };
    const timer = setInterval(() => {
      const second = Math.floor(Date.now() / 1000);
      if (buffer.received !== drawn.received || (second !== drawn.second && buffer.perSecond.size > 0)) {
        drawn = { received: buffer.received, second };
        redraw();
      }
    }, DRAW_MS);
    return () => clearInterval(timer);
  }, [key]);

  function toggle() {
    if (buffer.paused) {
      buffer.resume();
    } else {
      buffer.pause();
    }
    setPaused(buffer.paused);
    redraw();
  }

  function clear() {
    buffer.clear();
    setNotices([]);
    redraw();
    toast('Cleared here. The records are in the log.');
  }

  return { buffer, stream, notices, version, paused, toggle, clear, again: () => setRun(run + 1) };
}
