// @ts-check
import { get, pathOf, send } from '../api.js';
import { UNKNOWN, ago, byteRate, bytes, count, rate } from '../format.js';
import { html, useEffect, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { usePolled } from '../poll.js';
import { navigate, setQuery, url } from '../router.js';
import { may, mayChange, useRights, useSession } from '../session.js';
import { SETTINGS, asValue, inWords } from '../topic-config.js';
import { Button, Empty, ErrorBox, Field, Loading, Page, toast } from '../ui/basic.js';
import { CallPreview, Dialog } from '../ui/dialog.js';
import { PAGE, Pager, SearchField, listState } from '../ui/list.js';
import { VirtualTable } from '../ui/table.js';

const EVERY_MS = 10_000;
const NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

/** @typedef {import('../ui/table.js').Column} Column */

/** @type {Column[]} */
const COLUMNS = [
  {
    name: 'name',
    title: 'Topic',
    sort: true,
    width: 'minmax(11rem, 3fr)',
    render: (t) => html`<a href=${url(['topics', t.name])} tabindex="-1" title=${t.name}>${t.name}</a>`,
  },
  {
    name: 'partitions',
    title: 'Partitions',
    sort: true,
    first: 'desc',
    align: 'right',
    width: '6.5rem',
    wide: true,
    render: (t) => count(t.partitions),
  },
  {
    name: 'records',
    title: 'Records',
    sort: true,
    first: 'desc',
    align: 'right',
    width: 'minmax(6.5rem, 1fr)',
    render: (t) => count(t.records),
  },
  {
    name: 'size',
    title: 'Size',
    sort: true,
    first: 'desc',
    align: 'right',
    width: '6rem',
    render: (t) => bytes(t.size_bytes),
  },
  {
    name: 'rate',
    title: 'Rate',
    sort: true,
    first: 'desc',
    align: 'right',
    width: '6rem',
    wide: true,
    render: (t) => html`<span title=${byteRate(t.bytes_per_second)}>${rate(t.records_per_second)}</span>`,
  },
  {
    name: 'oldest',
    title: 'Oldest record',
    align: 'right',
    width: '9rem',
    wide: true,
    render: (t) =>
      typeof t.oldest_timestamp === 'number' ? ago(t.oldest_timestamp) : html`<span class="unknown">${UNKNOWN}</span>`,
  },
];
const SORTS = COLUMNS.filter((column) => column.sort).map((column) => column.name);

/** All topics that the reader may see. @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Topics({ query }) {
  const session = useSession();
  const { name, sort, order, start } = listState(query, SORTS, { sort: 'name', order: 'asc' });
  const { data, error, loading, reload } = usePolled(
    async (signal) =>
      (await get('/overview/topics', { query: { name, sort, order, start, limit: PAGE }, signal })).body,
    EVERY_MS,
    [name, sort, order, start],
  );
  const [creating, setCreating] = useState(false);
  const [selected, setSelected] = useState(/** @type {string | null} */ (null));
  const creates = mayChange(session);
  /** @type {Record<string, () => void>} */
  const keys = creates ? { c: () => setCreating(true) } : {};
  if (selected !== null) {
    keys.t = () => navigate(url(['topics', selected, 'tail']));
    keys.r = () => navigate(url(['topics', selected, 'records']));
  }
  useKeys(keys, {
    ...(creates ? { c: 'create a topic' } : {}),
    ...(selected === null ? {} : { t: 'live tail of the selected topic', r: 'records of the selected topic' }),
  });

  const create = creates
    ? html`<${Button} kind="main" title="c" onClick=${() => setCreating(true)}>Create topic<//>`
    : null;
  return html`<${Page} title="Topics" actions=${create}>
    <div class="toolbar"><${SearchField} value=${name} label="Search topics" placeholder="Search by name" /></div>
    <${ErrorBox} error=${error} onRetry=${reload} isStale=${data !== undefined} />
    ${
      data
        ? html`<div class=${'stack' + (loading ? ' is-loading' : '')}>
            <${VirtualTable}
              label="Topics"
              columns=${COLUMNS}
              rows=${data.topics}
              rowKey=${(/** @type {any} */ t) => t.name}
              selected=${selected}
              onSelect=${setSelected}
              onOpen=${(/** @type {any} */ t) => navigate(url(['topics', t.name]))}
              sort=${{ name: sort, order }}
              onSort=${(/** @type {string} */ by, /** @type {string} */ to) => setQuery({ sort: by, order: to, start: null })}
              empty=${
                name === '' && start === 0
                  ? html`<${Empty} title="No topics yet" action=${create}>
                      A topic is a log of records that any number of readers follow, each at its own pace.
                    <//>`
                  : html`<${Empty}
                      title="Nothing found"
                      action=${html`<${Button} onClick=${() => setQuery({ name: null, start: null })}>Show all topics<//>`}
                    >
                      No topic that you may see has a name with “${name}” in it.
                    <//>`
              }
            />
            <${Pager} start=${start} shown=${data.topics.length} total=${data.total} />
          </div>`
        : error
          ? null
          : html`<${Loading} />`
    }
    ${creating ? html`<${CreateTopic} onClose=${() => setCreating(false)} />` : null}
  <//>`;
}

const RETENTION = SETTINGS[0];

/** @param {{onClose: () => void}} props */
function CreateTopic({ onClose }) {
  const [name, setName] = useState('');
  const [partitions, setPartitions] = useState('');
  const [retention, setRetention] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [asked, setAsked] = useState('');
  const isLegal = NAME.test(name);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(isLegal ? name : ''), 300);
    return () => clearTimeout(timer);
  }, [name]);
  const rights = useRights({ topics: asked === '' ? [] : [asked] });
  const isRefused = asked !== '' && asked === name && rights !== null && !may(rights, 'topic', 'manage', asked);

  const kept = retention.trim() === '' ? undefined : asValue(RETENTION, retention);
  const many = partitions === '' ? undefined : Number(partitions);
  const errors = {
    name:
      name !== '' && !isLegal
        ? 'Letters, digits, dots, underscores and hyphens, at most 249.'
        : isRefused
          ? 'You may not create a topic of this name.'
          : null,
    partitions: many !== undefined && !(Number.isInteger(many) && many >= 1) ? 'A whole number, 1 or more.' : null,
    retention: kept === null ? 'For example 7 d, 36 h, or for ever.' : null,
  };
  const ready = isLegal && !isRefused && errors.partitions === null && errors.retention === null;
  const body = {
    topic_name: name,
    partitions_count: many,
    configs: kept === undefined || kept === null ? undefined : { 'retention.ms': kept },
  };
  const call = { method: 'POST', path: '/admin/topics', json: body };

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!ready || busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await send(call.method, call.path, { json: call.json });
      toast('Topic ' + name + ' is created.');
      navigate('/console' + pathOf('topics', name));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  const set = (/** @type {(value: string) => void} */ to) => (/** @type {any} */ event) => to(event.target.value);
  return html`<${Dialog} title="Create a topic" onClose=${onClose}>
    <form onSubmit=${submit}>
      <${Field} label="Name" error=${errors.name}>
        <input
          type="text"
          required
          maxlength="249"
          autocomplete="off"
          autocapitalize="off"
          spellcheck=${false}
          value=${name}
          onInput=${set(setName)}
        />
      <//>
      <div class="fields">
        <${Field}
          label="Partitions"
          error=${errors.partitions}
          hint="The service's default, if empty. There can be more later, not fewer."
        >
          <input type="number" min="1" step="1" inputmode="numeric" value=${partitions} onInput=${set(setPartitions)} />
        <//>
        <${Field}
          label="Records are kept for"
          error=${errors.retention}
          hint=${typeof kept === 'string' ? inWords(RETENTION, kept) : 'A week, if empty. For example 36 h, or for ever.'}
        >
          <input type="text" autocomplete="off" value=${retention} onInput=${set(setRetention)} />
        <//>
      </div>
      <${CallPreview} call=${call} />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind="main" type="submit" disabled=${!ready} busy=${busy}>Create<//>
      </div>
    </form>
  <//>`;
}
