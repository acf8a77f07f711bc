// @ts-check
/** Tokens, rules, and who may do what. */
import { get, pathOf, send } from '../api.js';
import { Time, ago, count } from '../format.js';
import { html, useEffect, useState } from '../html.js';
import { RIGHTS, isValid, whoMay } from '../logic/grants.js';
import { usePolled } from '../poll.js';
import { navigate, setQuery, url } from '../router.js';
import { loadSession, setSession, useSession } from '../session.js';
import { Badge, Button, Empty, ErrorBox, Loading, Page, Tabs, toast } from '../ui/basic.js';
import { Confirm, Dialog } from '../ui/dialog.js';
import { SearchField } from '../ui/list.js';
import { VirtualTable } from '../ui/table.js';
import { NewRule, NewToken } from './access-new.js';

/** @typedef {import('../logic/grants.js').Token} Token */
/** @typedef {import('../logic/grants.js').Rule} Rule */
/** @typedef {import('../logic/grants.js').Grantee} Grantee */
/** @typedef {import('../session.js').Session} Session */

const EVERY_MS = 15_000;
const TABS = ['tokens', 'rules', 'who'];

/** @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Access({ query }) {
  const session = useSession();
  if (session === null) {
    return html`<${Page} title="Access"><${Loading} /><//>`;
  }
  if (session.access === 'none') {
    return html`<${Page} title="Access">
      <div class="panel">
        <${Empty} title="Access control is off"
          >Whoever reaches this service may read, write and administer. The setting
          <code>trunkline.access.mode=required</code> asks for credentials.<//
        >
      </div>
    <//>`;
  }
  const asked = query.get('tab') ?? 'tokens';
  const tab = TABS.includes(asked) ? asked : 'tokens';
  return html`<${Page} title="Access">
    <${Self} session=${session} />
    ${
      session.administrator
        ? html`<${Tabs}
              label="Parts of the access control"
              tabs=${[
                { name: 'tokens', title: 'Tokens', href: url(['access']) },
                { name: 'rules', title: 'Rules', href: url(['access'], { tab: 'rules' }) },
                { name: 'who', title: 'Who may do what', href: url(['access'], { tab: 'who' }) },
              ]}
              selected=${tab}
            />
            <${Administration} session=${session} tab=${tab} query=${query} />`
        : html`<div class="panel">
            <${Empty} title="Tokens and rules are for administrators"
              >They have the role <code>admin</code>. What you may do shows in each topic and group.<//
            >
          </div>`
    }
  <//>`;
}

/** Who the reader is. @param {{session: Session}} props */
function Self({ session }) {
  const [busy, setBusy] = useState(false);
  async function signOut() {
    setBusy(true);
    try {
      await send('DELETE', '/session');
      setSession(await loadSession());
      navigate('/console/login');
    } catch (error) {
      setBusy(false);
      toast(/** @type {Error} */ (error).message, 'error');
    }
  }
  const by = { token: 'an API token', oidc: 'the OpenID provider', certificate: 'a certificate' };
  return html`<section class="panel padded toolbar" aria-label="You">
    <p>
      You are <b class="name">${session.principal}</b>${session.by === null ? null : html` by ${by[session.by]}`}.
      ${session.roles.map((role) => html` <${Badge} key=${role} kind="accent">${role}<//>`)}
      ${session.expires_at === null ? null : html` <span class="muted">Until <${Time} value=${session.expires_at} />, ${ago(session.expires_at)}.</span>`}
    </p>
    ${session.cookie ? html`<span class="actions"><${Button} busy=${busy} onClick=${signOut}>Sign out<//></span>` : null}
  </section>`;
}

/** @param {{session: Session, tab: string, query: URLSearchParams}} props */
function Administration({ session, tab, query }) {
  const tokens = usePolled(
    async (signal) => /** @type {Token[]} */ ((await get('/tokens', { signal })).body),
    EVERY_MS,
    [],
  );
  const rules = usePolled(
    async (signal) => /** @type {Rule[]} */ ((await get('/rules', { signal })).body),
    EVERY_MS,
    [],
  );
  const error = tokens.error ?? rules.error;
  const changes = !session.read_only && session.by === 'token';
  if (tokens.data === undefined || rules.data === undefined) {
    return error
      ? html`<${ErrorBox} error=${error} onRetry=${() => (tokens.reload(), rules.reload())} />`
      : html`<${Loading} />`;
  }
  return html`
    <${ErrorBox} error=${error} />
    ${
      changes || tab === 'who'
        ? null
        : html`<p class="hint">
            ${
              session.read_only
                ? 'The console of this service changes nothing.'
                : 'Tokens and rules are changed by administrators who sign in with an API token: PostgreSQL itself asks for it.'
            }
          </p>`
    }
    ${tab === 'tokens' ? html`<${Tokens} tokens=${tokens.data} changes=${changes} reload=${tokens.reload} />` : null}
    ${tab === 'rules' ? html`<${Rules} rules=${rules.data} changes=${changes} reload=${rules.reload} />` : null}
    ${tab === 'who' ? html`<${Who} tokens=${tokens.data} rules=${rules.data} query=${query} />` : null}
  `;
}

/** @param {{token: Token}} props */
function TokenState({ token }) {
  if ((token.revoked_at ?? null) !== null) {
    return html`<${Badge} kind="bad">revoked<//>`;
  }
  return isValid(token, Date.now()) ? html`<${Badge} kind="good">valid<//>` : html`<${Badge} kind="warn">expired<//>`;
}

/** @param {{tokens: Token[], changes: boolean, reload: () => void}} props */
function Tokens({ tokens, changes, reload }) {
  const [creating, setCreating] = useState(false);
  const [opened, setOpened] = useState(/** @type {Token | null} */ (null));
  /** @type {import('../ui/table.js').Column[]} */
  const columns = [
    { name: 'principal', title: 'Principal', width: 'minmax(7rem, 1fr)', render: (token) => token.principal },
    {
      name: 'roles',
      title: 'Roles',
      width: 'minmax(6rem, 1fr)',
      render: (token) => (token.roles.length === 0 ? html`<span class="muted">–</span>` : token.roles.join(', ')),
    },
    {
      name: 'description',
      title: 'Description',
      width: 'minmax(8rem, 2fr)',
      wide: true,
      render: (token) => token.description ?? '',
    },
    { name: 'state', title: 'State', width: '5.5rem', render: (token) => html`<${TokenState} token=${token} />` },
    {
      name: 'expires',
      title: 'Expires',
      width: 'minmax(7rem, 0.8fr)',
      wide: true,
      render: (token) =>
        token.expires_at
          ? html`<${Time} value=${token.expires_at} relative focus=${false} />`
          : html`<span class="muted">never</span>`,
    },
    {
      name: 'used',
      title: 'Last used',
      width: 'minmax(7rem, 0.8fr)',
      wide: true,
      render: (token) =>
        token.last_used_at
          ? html`<${Time} value=${token.last_used_at} relative focus=${false} />`
          : html`<span class="muted">never</span>`,
    },
  ];
  return html`<section class="panel cut" aria-labelledby="tokens">
    <div class="panel-head">
      <h2 id="tokens">API tokens</h2>
      ${changes ? html`<${Button} kind="main" onClick=${() => setCreating(true)}>Create token<//>` : null}
    </div>
    <${VirtualTable}
      label="API tokens"
      columns=${columns}
      rows=${tokens}
      rowKey=${(/** @type {Token} */ token) => token.id}
      onOpen=${setOpened}
      height="60vh"
      empty=${html`<${Empty} title="No tokens">Tokens that were revoked or have expired are listed for 30 days.<//>`}
    />
    <p class="hint padded">
      Enter or a double click opens a token${changes ? ', to see all of it and to revoke it' : ''}.
    </p>
    ${creating ? html`<${NewToken} onDone=${reload} onClose=${() => setCreating(false)} />` : null}
    ${
      opened === null
        ? null
        : html`<${OneToken} token=${opened} changes=${changes} onDone=${reload} onClose=${() => setOpened(null)} />`
    }
  </section>`;
}

/** @param {{token: Token, changes: boolean, onDone: () => void, onClose: () => void}} props */
function OneToken({ token, changes, onDone, onClose }) {
  const [revoking, setRevoking] = useState(false);
  const path = pathOf('tokens', token.id);
  if (revoking) {
    return html`<${Confirm}
      title="Revoke the token"
      text=${html`Replicas refuse the token <code>${token.id}</code> of <b class="name">${token.principal}</b> within a second, and end what it has running within two. It cannot be taken back.`}
      word=${token.principal}
      label="Revoke"
      call=${{ method: 'DELETE', path }}
      onConfirm=${async () => {
        await send('DELETE', path);
        toast(`The token ${token.id} is revoked.`);
        onDone();
        onClose();
      }}
      onClose=${onClose}
    />`;
  }
  return html`<${Dialog} title=${`Token ${token.id}`} onClose=${onClose}>
    <div class="stack">
      <dl class="facts">
        <dt>Principal</dt>
        <dd>${token.principal}</dd>
        <dt>Roles</dt>
        <dd>${token.roles.length === 0 ? 'none of its own' : token.roles.join(', ')}</dd>
        <dt>Description</dt>
        <dd>${token.description ?? html`<span class="muted">none</span>`}</dd>
        <dt>State</dt>
        <dd><${TokenState} token=${token} /></dd>
        <dt>Created</dt>
        <dd>
          <${Time} value=${token.created_at} />
          <span class="muted">${token.created_by ? `by ${token.created_by}` : ''}</span>
        </dd>
        <dt>Expires</dt>
        <dd>${token.expires_at ? html`<${Time} value=${token.expires_at} />` : 'never'}</dd>
        <dt>Last used</dt>
        <dd>
          ${token.last_used_at ? html`<${Time} value=${token.last_used_at} />` : 'never'}
          <span class="muted">noted about once a minute</span>
        </dd>
        ${
          token.revoked_at
            ? html`<dt>Revoked</dt>
                <dd><${Time} value=${token.revoked_at} /></dd>`
            : null
        }
      </dl>
      <div class="dialog-actions">
        ${changes && isValid(token, Date.now()) ? html`<${Button} kind="danger" onClick=${() => setRevoking(true)}>Revoke…<//>` : null}
        <${Button} onClick=${onClose}>Close<//>
      </div>
    </div>
  <//>`;
}

/** @param {Rule} rule */
function whom(rule) {
  return rule.principal === undefined || rule.principal === null
    ? html`<span class="muted">role</span> ${rule.role}`
    : html`<span class="muted">principal</span> ${rule.principal}`;
}

/** @param {Rule} rule */
function what(rule) {
  return rule.topic === undefined || rule.topic === null
    ? html`<span class="muted">group</span> <code>${rule.group}</code>`
    : html`<span class="muted">topic</span> <code>${rule.topic}</code>`;
}

/** @param {{rules: Rule[], changes: boolean, reload: () => void}} props */
function Rules({ rules, changes, reload }) {
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState(/** @type {Rule | null} */ (null));
  /** @type {import('../ui/table.js').Column[]} */
  const columns = [
    { name: 'id', title: 'Rule', align: 'right', width: '4rem', render: (rule) => rule.id },
    { name: 'who', title: 'Who', width: 'minmax(8rem, 1.2fr)', render: whom },
    { name: 'right', title: 'May', width: '5rem', render: (rule) => rule.right },
    { name: 'what', title: 'What', width: 'minmax(8rem, 1.2fr)', render: what },
    {
      name: 'source',
      title: 'From',
      width: 'minmax(5rem, 0.6fr)',
      wide: true,
      render: (rule) => (rule.source === 'file' ? 'file' : 'API'),
    },
    {
      name: 'created',
      title: 'Created',
      width: 'minmax(9rem, 1fr)',
      wide: true,
      render: (rule) => html`<${Time} value=${rule.created_at} relative focus=${false} />`,
    },
  ];
  const path = deleting === null ? '' : pathOf('rules', deleting.id);
  return html`<section class="panel cut" aria-labelledby="rules">
    <div class="panel-head">
      <h2 id="rules">Rules</h2>
      ${changes ? html`<${Button} kind="main" onClick=${() => setCreating(true)}>Create rule<//>` : null}
    </div>
    <${VirtualTable}
      label="Rules"
      columns=${columns}
      rows=${rules}
      rowKey=${(/** @type {Rule} */ rule) => rule.id}
      onOpen=${changes ? setDeleting : undefined}
      height="60vh"
      empty=${html`<${Empty} title="No rules"
        >What no rule allows is refused, but for the roles <code>admin</code>, <code>writer</code> and
        <code>reader</code>.<//
      >`}
    />
    ${changes && rules.length > 0 ? html`<p class="hint padded">Enter or a double click deletes a rule, after a question.</p>` : null}
    ${creating ? html`<${NewRule} onDone=${reload} onClose=${() => setCreating(false)} />` : null}
    ${
      deleting === null
        ? null
        : html`<${Confirm}
            title=${`Delete rule ${deleting.id}`}
            text=${html`<p>
                ${whom(deleting)} may ${deleting.right} ${what(deleting)} no longer, unless another rule says so.
              </p>
              ${deleting.source === 'file' ? html`<p class="hint">The rule is one of a file: it comes back when the file is applied again.</p>` : null}`}
            call=${{ method: 'DELETE', path }}
            onConfirm=${async () => {
              await send('DELETE', path);
              toast(`Rule ${deleting.id} is deleted.`);
              reload();
              setDeleting(null);
            }}
            onClose=${() => setDeleting(null)}
          />`
    }
  </section>`;
}

/** @param {{tokens: Token[], rules: Rule[], query: URLSearchParams}} props */
function Who({ tokens, rules, query }) {
  const kind = query.get('kind') === 'group' ? 'group' : 'topic';
  const name = query.get('name') ?? '';
  const [now, setNow] = useState(Date.now());
  useEffect(() => setNow(Date.now()), [tokens, rules]);
  const grantees = name === '' ? [] : whoMay({ kind, name, rules, tokens, now });
  /** @type {import('../ui/table.js').Column[]} */
  const columns = [
    {
      name: 'who',
      title: 'Who',
      width: 'minmax(8rem, 1fr)',
      render: (/** @type {Grantee} */ grantee) => html`<span class="muted">${grantee.kind}</span> ${grantee.name}`,
    },
    ...RIGHTS[kind].map((right) => ({
      name: right,
      title: right,
      width: 'minmax(6rem, 1.2fr)',
      render: (/** @type {Grantee} */ grantee) => {
        const reasons = grantee.rights[right];
        return reasons === undefined
          ? html`<span class="muted">–</span>`
          : html`<span title=${reasons.join('\n')}
              ><${Badge} kind="good">yes<//> <span class="muted">${reasons.join('; ')}</span></span
            >`;
      },
    })),
  ];
  return html`<section class="panel cut" aria-labelledby="who">
    <div class="panel-head">
      <h2 id="who">Who may do what</h2>
      <div class="toolbar">
        <select
          class="auto"
          aria-label="On a topic or a group"
          value=${kind}
          onChange=${(/** @type {any} */ event) => setQuery({ kind: event.target.value === 'group' ? 'group' : null }, { replace: true })}
        >
          <option value="topic">on the topic</option>
          <option value="group">on the group</option>
        </select>
        <${SearchField} value=${name} label=${kind === 'topic' ? 'Name of the topic' : 'Name of the group'} />
      </div>
    </div>
    <${VirtualTable}
      label=${`Who may do what on ${name}`}
      columns=${columns}
      rows=${grantees}
      rowKey=${(/** @type {Grantee} */ grantee) => `${grantee.kind} ${grantee.name}`}
      height="60vh"
      empty=${html`<${Empty} title=${name === '' ? 'Which one?' : 'Nobody'}>Give the name of a ${kind}; it need not exist yet.<//>`}
    />
    <p class="hint padded">
      ${count(rules.length)} rules and the roles of ${count(tokens.filter((token) => isValid(token, now)).length)} valid
      tokens are counted. Roles that the table <code>access_role</code>, a file or the OpenID provider gives to
      principals are not known here: everybody with such a role may do what its row says.
      ${kind === 'group' ? ' A principal may also use the groups whose names begin with its own and a dot, where it may read a topic.' : ''}
    </p>
  </section>`;
}
