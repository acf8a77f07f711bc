// @ts-check
import { get } from '../api.js';
import { Time, UNKNOWN, ago, bytes, count, counted, duration, millis } from '../format.js';
import { html } from '../html.js';
import { usePolled } from '../poll.js';
import { navigate, url } from '../router.js';
import { Badge, Empty, ErrorBox, Loading, Page, Stat } from '../ui/basic.js';
import { LagCell, StateBadge } from '../ui/group-parts.js';
import { Spark } from '../ui/spark.js';
import { VirtualTable } from '../ui/table.js';

const EVERY_MS = 10_000;
const HISTORY_MS = 15_000;
/** A transaction that is open for longer keeps PostgreSQL from cleaning up. */
const OLD_SECONDS = 300;

/** The whole service at a glance. @param {{params: Record<string, string>, query: URLSearchParams}} _props */
export default function Overview(_props) {
  const overview = usePolled(async (signal) => (await get('/overview', { signal })).body, EVERY_MS, []);
  const history = usePolled(async (signal) => (await get('/overview/history', { signal })).body, HISTORY_MS, []);
  const data = overview.data;
  if (!data) {
    return html`<${Page} title="Overview">
      ${overview.error ? html`<${ErrorBox} error=${overview.error} onRetry=${overview.reload} />` : html`<${Loading} />`}
    <//>`;
  }
  return html`<${Page} title="Overview" actions=${html`<span class="muted">Version ${data.version}</span>`}>
    <${ErrorBox} error=${overview.error} onRetry=${overview.reload} isStale />
    <${Alerts} alerts=${data.alerts ?? []} />
    <div class="stats">
      <${Stat}
        label="Topics"
        value=${count(data.topics)}
        note=${plural(data.partitions, 'partition')}
        href=${url(['topics'])}
      />
      <${Stat} label="Records" value=${count(data.records)} />
      <${Stat}
        label="Size"
        value=${bytes(data.size_bytes)}
        note=${data.disk_bytes === null ? null : bytes(data.disk_bytes) + ' on disk'}
      />
      <${Stat}
        label="Groups"
        value=${count(data.groups?.count)}
        note=${typeof data.groups?.without_members === 'number' ? count(data.groups.without_members) + ' without members' : null}
        href=${url(['groups'])}
      />
      <${Stat}
        label="Replicas"
        value=${count(data.replicas?.length)}
        note=${'this one up ' + duration(Date.now() - Date.parse(data.started_at))}
      />
      <${Stat}
        label="Last retention"
        value=${data.retention?.last_success_at ? ago(data.retention.last_success_at) : UNKNOWN}
      />
    </div>
    <${Traffic} history=${history} />
    <div class="columns">
      <section class="panel" aria-labelledby="worst">
        <div class="panel-head">
          <h2 id="worst">Groups by lag</h2>
          <a href=${url(['groups'])}>All groups</a>
        </div>
        <${WorstGroups} groups=${data.groups?.worst ?? []} />
      </section>
      <div class="stack">
        <${Database} database=${data.database ?? {}} />
        <${Replicas} replicas=${data.replicas ?? []} here=${data.replica} />
      </div>
    </div>
    <p class="hint">
      As of <${Time} value=${wholeSecond(data.looked_at)} />, from replica <code class="name">${data.replica}</code>.
    </p>
  <//>`;
}

/** @param {string | null} time */
function wholeSecond(time) {
  const ms = millis(time);
  return ms === null ? null : Math.floor(ms / 1_000) * 1_000;
}

/** @param {number | null | undefined} n @param {string} one */
function plural(n, one) {
  return typeof n === 'number' ? counted(n, one) : null;
}

/** @param {{alerts: {name: string, severity: string, summary: string, runbook: string}[]}} props */
function Alerts({ alerts }) {
  if (alerts.length === 0) {
    return null;
  }
  return html`<ul class="alerts plain" aria-label="Alerts">
    ${alerts.map(
      (alert) =>
        html`<li key=${alert.name} class=${'alert ' + (alert.severity === 'critical' ? 'critical' : '')}>
          <${Badge} kind=${alert.severity === 'critical' ? 'bad' : 'warn'}>${alert.severity}<//>
          <strong>${alert.name}</strong><span>${alert.summary}</span>
          ${alert.runbook ? html`<code class="muted">${alert.runbook}</code>` : null}
        </li>`,
    )}
  </ul>`;
}

/** @param {{history: {data: any, error: any, reload: () => void}}} props */
function Traffic({ history: { data, error, reload } }) {
  if (!data) {
    return error ? html`<${ErrorBox} error=${error} onRetry=${reload} />` : null;
  }
  const series = (/** @type {string} */ of) => [
    { label: 'in', values: data[of + '_in'] },
    { label: 'out', values: data[of + '_out'] },
  ];
  return html`<section aria-label="Traffic of this replica in the last hour" class="plots">
    <div class="panel">
      <${Spark} label="Records" unit="records/s" times=${data.times} series=${series('records')} />
    </div>
    <div class="panel"><${Spark} label="Bytes" unit="bytes/s" times=${data.times} series=${series('bytes')} /></div>
  </section>`;
}

const COLUMNS = [
  {
    name: 'name',
    title: 'Group',
    width: 'minmax(9rem, 2fr)',
    render: (/** @type {any} */ g) => html`<a href=${url(['groups', g.group_id])} tabindex="-1">${g.group_id}</a>`,
  },
  {
    name: 'state',
    title: 'State',
    width: '6rem',
    render: (/** @type {any} */ g) => html`<${StateBadge} state=${g.state} />`,
  },
  {
    name: 'members',
    title: 'Members',
    width: '5rem',
    align: 'right',
    wide: true,
    render: (/** @type {any} */ g) => count(g.members),
  },
  {
    name: 'lag',
    title: 'Lag',
    width: '7rem',
    align: 'right',
    render: (/** @type {any} */ g) => html`<${LagCell} lag=${g.lag} />`,
  },
];

/** @param {{groups: any[]}} props */
function WorstGroups({ groups }) {
  return html`<${VirtualTable}
    label="Groups by lag"
    columns=${COLUMNS}
    rows=${groups}
    rowKey=${(/** @type {any} */ g) => g.group_id}
    onOpen=${(/** @type {any} */ g) => navigate(url(['groups', g.group_id]))}
    empty=${html`<${Empty} title="No groups yet">A group appears when its first consumer does.<//>`}
  />`;
}

/** @param {{database: any}} props */
function Database({ database }) {
  const old = database.oldest_transaction_seconds;
  const isOld = typeof old === 'number' && old > OLD_SECONDS;
  return html`<section class="panel" aria-labelledby="database">
    <div class="panel-head">
      <h2 id="database">PostgreSQL ${database.version ?? ''}</h2>
      ${
        database.up === false
          ? html`<${Badge} kind="bad">not reachable<//>`
          : html`<span class="actions">
              ${database.writable === false ? html`<${Badge} kind="bad">read-only<//>` : html`<${Badge} kind="good">up<//>`}
              ${database.durable === false ? html`<${Badge} kind="warn" title="A commit may be lost in a crash">not durable<//>` : null}
            </span>`
      }
    </div>
    <dl class="facts panel-body">
      <dt>Size</dt>
      <dd>${bytes(database.size_bytes)}</dd>
      <dt>Connections</dt>
      <dd>${count(database.connections)} of ${count(database.max_connections)}</dd>
      <dt>Oldest transaction</dt>
      <dd>
        ${typeof old === 'number' ? duration(old * 1_000) : UNKNOWN}
        ${isOld ? html` <${Badge} kind="warn" title="It keeps PostgreSQL from cleaning up">old<//>` : null}
      </dd>
    </dl>
  </section>`;
}

/** @param {{replicas: {replica: string, address: string | null}[], here: string}} props */
function Replicas({ replicas, here }) {
  return html`<section class="panel" aria-labelledby="replicas">
    <div class="panel-head">
      <h2 id="replicas">Replicas</h2>
      <span class="hint">connected to PostgreSQL now</span>
    </div>
    <ul class="plain panel-body rows">
      ${replicas.map(
        ({ replica, address }) =>
          html`<li key=${replica}>
            <code class="name">${replica}</code>
            <span class="muted">${address ?? 'no address'}</span>
            ${replica === here ? html`<${Badge} kind="accent">this one<//>` : null}
          </li>`,
      )}
    </ul>
  </section>`;
}
