// @ts-check
import { get, pathOf, send } from '../api.js';
import { Time, UNKNOWN, bytes, count, counted, rate } from '../format.js';
import { html, useEffect, useRef, useState } from '../html.js';
import { usePolled } from '../poll.js';
import { navigate, url } from '../router.js';
import { may, useRights } from '../session.js';
import { fate } from '../topic-config.js';
import { Button, Empty, ErrorBox, Field, Loading, Page, Stat, toast } from '../ui/basic.js';
import { CallPreview, Confirm, Dialog } from '../ui/dialog.js';
import { TopicNav } from '../ui/topic-nav.js';
import { VirtualTable } from '../ui/table.js';
import { Config } from './topic-settings.js';

const EVERY_MS = 5_000;
const INCLUDE = 'config_sources,offsets,sizes,timestamps';

/**
 * @typedef {{
 *   partition: number, start: number | null, end: number | null, records: number | null, size: number | null,
 *   oldest: number | null, rate: number | null,
 * }} Row
 */

/** One topic. @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Topic({ params: { topic } }) {
  const session = useRights({ topics: [topic] });
  const { data, error, reload, at } = usePolled(
    async (signal) => (await get(pathOf('topics', topic), { query: { include: INCLUDE }, signal })).body,
    EVERY_MS,
    [topic],
  );
  const rates = useRates(data, at);
  const [dialog, setDialog] = useState(/** @type {'partitions' | 'delete' | null} */ (null));
  const manages = may(session, 'topic', 'manage', topic);
  const crumbs = [{ title: 'Topics', href: url(['topics']) }];
  if (!data) {
    return html`<${Page} title=${topic} crumbs=${crumbs}>
      ${error ? html`<${ErrorBox} error=${error} onRetry=${reload} />` : html`<${Loading} />`}
    <//>`;
  }
  const rows = rowsOf(data, rates);
  const retention = data.configs?.['retention.ms'];
  const oldest = rows.reduce((/** @type {number | null} */ least, row) => {
    return row.oldest === null ? least : least === null ? row.oldest : Math.min(least, row.oldest);
  }, null);
  const fated = fate(oldest, retention, Date.now());
  const actions = manages
    ? html`<${Button} onClick=${() => setDialog('partitions')}>Add partitions<//>
        <${Button} kind="danger" onClick=${() => setDialog('delete')}>Delete topic<//>`
    : null;
  return html`<${Page} title=${topic} crumbs=${crumbs} actions=${actions}>
    <${TopicNav} topic=${topic} selected="topic" session=${session} />
    <${ErrorBox} error=${error} onRetry=${reload} isStale=${data !== undefined} />
    <div class="stats">
      <${Stat}
        label="Records"
        value=${count(total(rows, 'records'))}
        note=${'in ' + counted(rows.length, 'partition')}
      />
      <${Stat} label="Size" value=${bytes(data.size_bytes)} note="before compression" />
      <${Stat} label="Written" value=${rate(total(rows, 'rate'))} note="between the last two looks" />
      <${Stat}
        label="Oldest record"
        value=${oldest === null ? (total(rows, 'records') === 0 ? 'none' : UNKNOWN) : fated.age}
        note=${fated.goes}
      />
    </div>
    <section class="panel" aria-labelledby="partitions">
      <div class="panel-head"><h2 id="partitions">Partitions</h2></div>
      <${VirtualTable}
        label="Partitions"
        columns=${columns(topic, may(session, 'topic', 'read', topic), retention)}
        rows=${rows}
        rowKey=${(/** @type {Row} */ row) => row.partition}
        onOpen=${(/** @type {Row} */ row) => navigate(url(['topics', topic, 'records'], { partition: row.partition }))}
        height="50vh"
        empty=${html`<${Empty} title="No partitions" />`}
      />
    </section>
    <${Config}
      topic=${topic}
      configs=${data.configs ?? {}}
      sources=${data.config_sources ?? {}}
      manages=${manages}
      onChanged=${reload}
    />
    ${
      dialog === 'partitions'
        ? html`<${AddPartitions}
            topic=${topic}
            current=${rows.length}
            onDone=${reload}
            onClose=${() => setDialog(null)}
          />`
        : null
    }
    ${dialog === 'delete' ? html`<${DeleteTopic} topic=${topic} records=${total(rows, 'records')} onClose=${() => setDialog(null)} />` : null}
  <//>`;
}

/**
 * @param {string} topic
 * @param {boolean} reads
 * @param {string | undefined} retention
 * @returns {import('../ui/table.js').Column[]}
 */
function columns(topic, reads, retention) {
  const records = (/** @type {Row} */ row) => url(['topics', topic, 'records'], { partition: row.partition });
  return [
    {
      name: 'partition',
      title: 'Partition',
      width: '5rem',
      render: (row) => (reads ? html`<a href=${records(row)} tabindex="-1">${row.partition}</a>` : row.partition),
    },
    {
      name: 'start',
      title: 'Start',
      align: 'right',
      width: 'minmax(6rem, 1fr)',
      wide: true,
      render: (row) => count(row.start),
    },
    { name: 'end', title: 'End', align: 'right', width: 'minmax(6rem, 1fr)', render: (row) => count(row.end) },
    {
      name: 'records',
      title: 'Records',
      align: 'right',
      width: 'minmax(6rem, 1fr)',
      wide: true,
      render: (row) => count(row.records),
    },
    { name: 'size', title: 'Size', align: 'right', width: '6rem', render: (row) => bytes(row.size) },
    { name: 'rate', title: 'Rate', align: 'right', width: '6rem', wide: true, render: (row) => rate(row.rate) },
    {
      name: 'oldest',
      title: 'Oldest record',
      width: 'minmax(13rem, 1.6fr)',
      wide: true,
      render: (row) => {
        if (row.oldest === null) {
          return html`<span class="unknown">${row.records === 0 ? 'none' : UNKNOWN}</span>`;
        }
        const { goes } = fate(row.oldest, retention, Date.now());
        return html`<${Time} value=${row.oldest} relative focus=${false} /><span class="muted"
            >${goes ? ', ' + goes : ''}</span
          >`;
      },
    },
  ];
}

/** @param {any} n @returns {number | null} */
function numberOf(n) {
  return typeof n === 'number' ? n : null;
}

/**
 * @param {any} data
 * @param {Map<number, number>} rates
 * @returns {Row[]}
 */
function rowsOf(data, rates) {
  return data.partitions.map((/** @type {any} */ p) => {
    const start = numberOf(p.log_start_offset);
    const end = numberOf(p.end_offset);
    return {
      partition: p.partition,
      start,
      end,
      records: start === null || end === null ? null : end - start,
      size: numberOf(p.size_bytes),
      oldest: numberOf(p.oldest_timestamp),
      rate: rates.get(p.partition) ?? null,
    };
  });
}

/**
 * @param {Row[]} rows
 * @param {'records' | 'rate'} of
 * @returns {number | null} null as soon as one is not known
 */
function total(rows, of) {
  return rows.reduce((/** @type {number | null} */ sum, row) => {
    const value = row[of];
    return sum === null || value === null ? null : sum + value;
  }, 0);
}

/**
 * Records a second of each partition, from its end at the last two looks.
 *
 * @param {any} data
 * @param {number | undefined} at
 * @returns {Map<number, number>}
 */
function useRates(data, at) {
  const before = useRef(/** @type {{at: number, ends: Map<number, number>} | null} */ (null));
  const [rates, setRates] = useState(/** @type {Map<number, number>} */ (new Map()));
  useEffect(() => {
    if (!data || at === undefined) {
      return;
    }
    /** @type {Map<number, number>} */
    const ends = new Map();
    /** @type {Map<number, number>} */
    const next = new Map();
    for (const { partition, end_offset: end } of data.partitions) {
      if (typeof end === 'number') {
        ends.set(partition, end);
        const last = before.current?.ends.get(partition);
        if (last !== undefined && before.current && at > before.current.at && end >= last) {
          next.set(partition, ((end - last) * 1_000) / (at - before.current.at));
        }
      }
    }
    before.current = { at, ends };
    setRates(next);
  }, [at]);
  return rates;
}

/** @param {{topic: string, current: number, onDone: () => void, onClose: () => void}} props */
function AddPartitions({ topic, current, onDone, onClose }) {
  const [typed, setTyped] = useState(String(current + 1));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const wanted = Number(typed);
  const isLegal = typed.trim() !== '' && Number.isInteger(wanted) && wanted > current;
  const call = { method: 'PATCH', path: pathOf('topics', topic), json: { partitions_count: wanted } };

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!isLegal || busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await send(call.method, call.path, { json: call.json });
      toast(topic + ' has ' + counted(wanted, 'partition') + ' now.');
      onDone();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return html`<${Dialog} title="Add partitions" onClose=${onClose}>
    <form onSubmit=${submit}>
      <p class="text">
        A topic cannot have fewer partitions again. New records of a key may go to another partition than its older
        ones, so that their order is no longer that of one partition.
      </p>
      <${Field}
        label="Partitions in all"
        hint=${'There are ' + count(current) + ' now.'}
        error=${isLegal ? null : 'A whole number, more than ' + count(current) + '.'}
      >
        <input
          type="number"
          min=${current + 1}
          step="1"
          inputmode="numeric"
          value=${typed}
          onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
        />
      <//>
      <${CallPreview} call=${isLegal ? call : null} />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind="main" type="submit" disabled=${!isLegal} busy=${busy}>Add<//>
      </div>
    </form>
  <//>`;
}

/** @param {{topic: string, records: number | null, onClose: () => void}} props */
function DeleteTopic({ topic, records, onClose }) {
  const call = { method: 'DELETE', path: pathOf('topics', topic) };
  async function confirm() {
    await send(call.method, call.path);
    toast('Topic ' + topic + ' is deleted.');
    navigate(url(['topics']), { replace: true });
  }
  return html`<${Confirm}
    title="Delete the topic"
    word=${topic}
    label="Delete topic"
    text=${html`<p>
      ${records === null ? 'All its records' : 'Its ' + counted(records, 'record')} and what groups have committed of it
      are gone for good. A topic of the same name that is created later is a new one.
    </p>`}
    call=${call}
    onConfirm=${confirm}
    onClose=${onClose}
  />`;
}
