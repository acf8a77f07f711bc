// @ts-check
import { get, pathOf, send } from '../api.js';
import { count } from '../format.js';
import { html, useMemo, useState } from '../html.js';
import { usePolled } from '../poll.js';
import { navigate, url } from '../router.js';
import { may, useRights } from '../session.js';
import { Button, Empty, ErrorBox, Loading, Page, Stat, toast } from '../ui/basic.js';
import { Confirm } from '../ui/dialog.js';
import { LagCell, MiniSpark, StateBadge } from '../ui/group-parts.js';
import { SearchField } from '../ui/list.js';
import { Spark } from '../ui/spark.js';
import { VirtualTable } from '../ui/table.js';
import { ResetDialog } from './group-reset.js';

const EVERY_MS = 5_000;
const HISTORY_MS = 60_000;
/** From so many partitions on there is a field to search in. */
const MANY = 20;

/** @typedef {import('./group-reset.js').Offset} Offset */

/** One consumer group. @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Group({ params: { group }, query }) {
  const session = useRights({ groups: [group] });
  const { data, error, reload } = usePolled(
    async (signal) => (await get(pathOf('groups', group), { signal })).body,
    EVERY_MS,
    [group],
  );
  const history = usePolled(
    async (signal) => (await get(pathOf('groups', group) + '/history', { signal })).body,
    HISTORY_MS,
    [group],
  );
  const [dialog, setDialog] = useState(/** @type {'reset' | 'delete' | null} */ (null));
  const crumbs = [{ title: 'Groups', href: url(['groups']) }];
  if (!data) {
    return html`<${Page} title=${group} crumbs=${crumbs}>
      ${error ? html`<${ErrorBox} error=${error} onRetry=${reload} />` : html`<${Loading} />`}
    <//>`;
  }
  const resets = may(session, 'group', 'use', group);
  const deletes = may(session, 'group', 'manage', group);
  const isBusy = data.members.length > 0;
  const why = isBusy ? 'Only while the group has no members' : undefined;
  const actions =
    resets || deletes
      ? html`${
          resets
            ? html`<${Button}
                disabled=${isBusy || data.offsets.length === 0}
                title=${why}
                onClick=${() => setDialog('reset')}
                >Reset offsets<//
              >`
            : null
        }
        ${deletes ? html`<${Button} kind="danger" disabled=${isBusy} title=${why} onClick=${() => setDialog('delete')}>Delete group<//>` : null}`
      : null;
  return html`<${Page}
    title=${group}
    crumbs=${crumbs}
    badge=${html`<${StateBadge} state=${data.state} />`}
    actions=${actions}
  >
    <${ErrorBox} error=${error} onRetry=${reload} isStale=${data !== undefined} />
    ${
      isBusy && (resets || deletes)
        ? html`<p class="hint">
            Offsets can be reset, and the group deleted, while it has no members: stop its consumers first.
          </p>`
        : null
    }
    <div class="stats">
      <${Stat} label="Lag" value=${html`<${LagCell} lag=${data.lag} />`} note="records to read" />
      <${Stat} label="Members" value=${count(data.members.length)} />
      <${Stat} label="Partitions" value=${count(data.offsets.length)} />
      <${Stat} label="Generation" value=${count(data.generation)} />
    </div>
    <${LagHistory} history=${history} />
    <${Members} members=${data.members} />
    <${Partitions} offsets=${data.offsets} history=${history.data} search=${query.get('topic') ?? ''} />
    ${
      dialog === 'reset'
        ? html`<${ResetDialog}
            group=${group}
            offsets=${data.offsets}
            onDone=${reload}
            onClose=${() => setDialog(null)}
          />`
        : null
    }
    ${dialog === 'delete' ? html`<${DeleteGroup} group=${group} onClose=${() => setDialog(null)} />` : null}
  <//>`;
}

/** @param {{history: {data: any, error: any, reload: () => void}}} props */
function LagHistory({ history: { data, error, reload } }) {
  if (!data) {
    return error ? html`<${ErrorBox} error=${error} onRetry=${reload} />` : null;
  }
  if (data.times.length === 0) {
    return html`<p class="hint">There is no history of the lag yet: this replica notes it once a minute.</p>`;
  }
  return html`<section class="panel padded" aria-label="Lag in the last hour">
    <${Spark}
      label="Lag in the last hour"
      unit="records"
      times=${data.times}
      series=${[{ label: 'all partitions', values: data.lag }]}
    />
  </section>`;
}

/** @param {any} member @returns {string[]} topic: 0, 1, 2 */
function partitionsOf(member) {
  return (member.partitions ?? []).flatMap((/** @type {Record<string, number[]>} */ each) =>
    Object.entries(each).map(([topic, numbers]) => topic + ': ' + numbers.join(', ')),
  );
}

/** @type {import('../ui/table.js').Column[]} */
const MEMBER_COLUMNS = [
  {
    name: 'member',
    title: 'Member',
    width: 'minmax(9rem, 1fr)',
    render: (m) => html`<span title=${m.member_id}>${m.member_id}</span>`,
  },
  {
    name: 'subscribed',
    title: 'Subscribed',
    width: 'minmax(9rem, 1fr)',
    wide: true,
    render: (m) =>
      m.topic_pattern
        ? html`<code title=${m.topic_pattern}>${m.topic_pattern}</code>`
        : html`<span>${(m.topics ?? []).join(', ')}</span>`,
  },
  {
    name: 'partitions',
    title: 'Has partitions',
    width: 'minmax(10rem, 2fr)',
    render: (m) => {
      const all = partitionsOf(m).join(' · ');
      return all === '' ? html`<span class="muted">none</span>` : html`<span title=${all}>${all}</span>`;
    },
  },
];

/** @param {{members: any[]}} props */
function Members({ members }) {
  return html`<section class="panel" aria-labelledby="members">
    <div class="panel-head"><h2 id="members">Members</h2></div>
    <${VirtualTable}
      label="Members"
      columns=${MEMBER_COLUMNS}
      rows=${members}
      rowKey=${(/** @type {any} */ m) => m.member_id}
      height="40vh"
      keys=${false}
      empty=${html`<${Empty} title="No members">No consumer is in the group now. What it has committed stays.<//>`}
    />
  </section>`;
}

/** @param {{topic: string, partition: number}} of */
function keyOf({ topic, partition }) {
  return topic + '/' + partition;
}

/** @param {{offsets: Offset[], history: any, search: string}} props */
function Partitions({ offsets, history, search }) {
  const shown = useMemo(() => offsets.filter((each) => each.topic.includes(search)), [offsets, search]);
  const columns = useMemo(() => {
    /** @type {Map<string, (number | null)[]>} */
    const lags = new Map((history?.partitions ?? []).map((/** @type {any} */ each) => [keyOf(each), each.lag]));
    return partitionColumns(lags);
  }, [history]);
  return html`<section class="panel" aria-labelledby="offsets">
    <div class="panel-head">
      <h2 id="offsets">Partitions</h2>
      ${
        offsets.length > MANY || search !== ''
          ? html`<${SearchField}
              value=${search}
              name="topic"
              label="Search topics of the group"
              placeholder="Search by topic"
            />`
          : null
      }
      ${history?.complete === false ? html`<span class="hint">The history of single partitions is not kept for all of them.</span>` : null}
    </div>
    <${VirtualTable}
      label="Partitions"
      columns=${columns}
      rows=${shown}
      rowKey=${keyOf}
      onOpen=${(/** @type {Offset} */ each) => navigate(recordsUrl(each))}
      empty=${
        search === ''
          ? html`<${Empty} title="Nothing committed">The group has committed no offsets and has no partitions.<//>`
          : html`<${Empty} title="Nothing found">The group reads no topic with “${search}” in its name.<//>`
      }
    />
  </section>`;
}

/** @param {Offset} offset the records that the group reads next */
function recordsUrl({ topic, partition, committed_offset: from }) {
  return url(['topics', topic, 'records'], { partition, from });
}

/**
 * @param {Map<string, (number | null)[]>} lags
 * @returns {import('../ui/table.js').Column[]}
 */
function partitionColumns(lags) {
  return [
    {
      name: 'topic',
      title: 'Topic',
      width: 'minmax(9rem, 2fr)',
      render: (o) => html`<a href=${url(['topics', o.topic])} tabindex="-1" title=${o.topic}>${o.topic}</a>`,
    },
    { name: 'partition', title: 'Partition', align: 'right', width: '4.5rem', render: (o) => o.partition },
    {
      name: 'committed',
      title: 'Committed',
      align: 'right',
      width: 'minmax(6rem, 1fr)',
      wide: true,
      render: (o) => html`<a href=${recordsUrl(o)} tabindex="-1">${count(o.committed_offset)}</a>`,
    },
    {
      name: 'end',
      title: 'End',
      align: 'right',
      width: 'minmax(6rem, 1fr)',
      wide: true,
      render: (o) => count(o.end_offset),
    },
    { name: 'lag', title: 'Lag', align: 'right', width: '6rem', render: (o) => html`<${LagCell} lag=${o.lag} />` },
    {
      name: 'history',
      title: 'Last hour',
      width: '7rem',
      wide: true,
      render: (o) =>
        html`<${MiniSpark} values=${lags.get(keyOf(o)) ?? []} label=${'Lag of ' + o.topic + ' ' + o.partition} />`,
    },
    {
      name: 'member',
      title: 'Member',
      width: 'minmax(7rem, 1fr)',
      wide: true,
      render: (o) =>
        o.member_id ? html`<span title=${o.member_id}>${o.member_id}</span>` : html`<span class="muted">none</span>`,
    },
  ];
}

/** @param {{group: string, onClose: () => void}} props */
function DeleteGroup({ group, onClose }) {
  const call = { method: 'DELETE', path: pathOf('groups', group) };
  async function confirm() {
    await send(call.method, call.path);
    toast('Group ' + group + ' is deleted.');
    navigate(url(['groups']), { replace: true });
  }
  return html`<${Confirm}
    title="Delete the group"
    word=${group}
    label="Delete group"
    text=${html`<p>What it has committed is gone for good. Consumers that join a group of this name begin anew.</p>`}
    call=${call}
    onConfirm=${confirm}
    onClose=${onClose}
  />`;
}
