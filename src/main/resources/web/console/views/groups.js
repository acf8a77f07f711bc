// @ts-check
import { get } from '../api.js';
import { count } from '../format.js';
import { html } from '../html.js';
import { usePolled } from '../poll.js';
import { navigate, setQuery, url } from '../router.js';
import { Button, Empty, ErrorBox, Loading, Page } from '../ui/basic.js';
import { LagCell, StateBadge } from '../ui/group-parts.js';
import { PAGE, Pager, SearchField, listState } from '../ui/list.js';
import { VirtualTable } from '../ui/table.js';

const EVERY_MS = 10_000;

/** @type {import('../ui/table.js').Column[]} */
const COLUMNS = [
  {
    name: 'name',
    title: 'Group',
    sort: true,
    width: 'minmax(11rem, 3fr)',
    render: (g) => html`<a href=${url(['groups', g.group_id])} tabindex="-1" title=${g.group_id}>${g.group_id}</a>`,
  },
  { name: 'state', title: 'State', width: '6rem', render: (g) => html`<${StateBadge} state=${g.state} />` },
  {
    name: 'members',
    title: 'Members',
    sort: true,
    first: 'desc',
    align: 'right',
    width: '7rem',
    wide: true,
    render: (g) => count(g.members),
  },
  {
    name: 'lag',
    title: 'Lag',
    sort: true,
    first: 'desc',
    align: 'right',
    width: 'minmax(6rem, 1fr)',
    render: (g) => html`<${LagCell} lag=${g.lag} />`,
  },
];
const SORTS = COLUMNS.filter((column) => column.sort).map((column) => column.name);

/** All groups that the reader may see, worst lag first. @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Groups({ query }) {
  const { name, sort, order, start } = listState(query, SORTS, { sort: 'lag', order: 'desc' });
  const { data, error, loading, reload } = usePolled(
    async (signal) =>
      (await get('/overview/groups', { query: { name, sort, order, start, limit: PAGE }, signal })).body,
    EVERY_MS,
    [name, sort, order, start],
  );
  return html`<${Page} title="Groups">
    <div class="toolbar"><${SearchField} value=${name} label="Search groups" placeholder="Search by name" /></div>
    <${ErrorBox} error=${error} onRetry=${reload} isStale=${data !== undefined} />
    ${
      data
        ? html`<div class=${'stack' + (loading ? ' is-loading' : '')}>
            <${VirtualTable}
              label="Groups"
              columns=${COLUMNS}
              rows=${data.groups}
              rowKey=${(/** @type {any} */ g) => g.group_id}
              onOpen=${(/** @type {any} */ g) => navigate(url(['groups', g.group_id]))}
              sort=${{ name: sort, order }}
              onSort=${(/** @type {string} */ by, /** @type {string} */ to) => setQuery({ sort: by, order: to, start: null })}
              empty=${
                name === '' && start === 0
                  ? html`<${Empty} title="No groups yet">
                      The consumers of a group share the partitions of topics and commit how far they have read. A group
                      appears with its first consumer: <code>POST /consumers/{group}</code>.
                    <//>`
                  : html`<${Empty}
                      title="Nothing found"
                      action=${html`<${Button} onClick=${() => setQuery({ name: null, start: null })}>Show all groups<//>`}
                    >
                      No group that you may see has a name with “${name}” in it.
                    <//>`
              }
            />
            <${Pager} start=${start} shown=${data.groups.length} total=${data.total} />
          </div>`
        : error
          ? null
          : html`<${Loading} />`
    }
  <//>`;
}
