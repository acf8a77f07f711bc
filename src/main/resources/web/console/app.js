// @ts-check
/** The frame around the views: navigation, connection, session, keys. */
import { connection, login } from './api.js';
import { start as startKeys, keyHelp, keysOn, useKeys } from './keys.js';
import { Component, html, render, useEffect, useState } from './html.js';
import { navigate, route, start as startRouter, url, useRoute } from './router.js';
import { loadSession, setSession, useSession } from './session.js';
import { useStore } from './store.js';
import { send } from './api.js';
import { Badge, Button, ErrorBox, Loading, Page, Toasts, toast } from './ui/basic.js';
import { Dialog } from './ui/dialog.js';

/** @typedef {(props: {params: Record<string, string>, query: URLSearchParams}) => any} View */

/** Each view is loaded when it is first opened. @type {Record<string, () => Promise<{default: View}>>} */
const VIEWS = {
  overview: () => import('./views/overview.js'),
  topics: () => import('./views/topics.js'),
  topic: () => import('./views/topic.js'),
  records: () => import('./views/records.js'),
  tail: () => import('./views/tail.js'),
  send: () => import('./views/send.js'),
  groups: () => import('./views/groups.js'),
  group: () => import('./views/group.js'),
  access: () => import('./views/access.js'),
  login: () => import('./views/login.js'),
};

/** @type {{title: string, path: string[], views: string[]}[]} */
const NAVIGATION = [
  { title: 'Overview', path: [], views: ['overview'] },
  { title: 'Topics', path: ['topics'], views: ['topics', 'topic', 'records', 'tail', 'send'] },
  { title: 'Groups', path: ['groups'], views: ['groups', 'group'] },
];
const ACCESS = { title: 'Access', path: ['access'], views: ['access'] };

function App() {
  const { view, params, query } = useRoute();
  const [help, setHelp] = useState(false);
  useKeys(
    {
      '?': () => setHelp(true),
      'g o': () => navigate(url([])),
      'g t': () => navigate(url(['topics'])),
      'g g': () => navigate(url(['groups'])),
      '/': focusSearch,
    },
    {
      '/': 'search',
      'g o': 'go to the overview',
      'g t': 'go to the topics',
      'g g': 'go to the groups',
      '?': 'this list',
    },
  );
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <${Header} view=${view} onHelp=${() => setHelp(true)} />
    <${ConnectionBar} />
    <main id="main" tabindex="-1">
      <${Guard} key=${view + ' ' + JSON.stringify(params)}><${Lazy} view=${view} params=${params} query=${query} /><//>
    </main>
    <${Toasts} />
    ${help ? html`<${Help} onClose=${() => setHelp(false)} />` : null}
  `;
}

function focusSearch() {
  const field = document.querySelector('main [type=search]');
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

/** @param {{view: string, params: Record<string, string>, query: URLSearchParams}} props */
function Lazy({ view, params, query }) {
  const [loaded, setLoaded] = useState(/** @type {{view: string, View?: View, error?: any} | null} */ (null));
  useEffect(() => {
    let gone = false;
    VIEWS[view]?.().then(
      ({ default: View }) => gone || setLoaded({ view, View }),
      (error) => gone || setLoaded({ view, error }),
    );
    return () => {
      gone = true;
    };
  }, [view]);
  if (!Object.hasOwn(VIEWS, view)) {
    return html`<${Page} title="Not found">
      <p class="text">The console has no page at this address. <a href=${url([])}>Go to the overview.</a></p>
    <//>`;
  }
  if (loaded?.error) {
    return html`<${Page} title="The page could not be loaded">
      <p class="text">The connection was lost, or the service has another version now.</p>
      <${Button} kind="main" onClick=${() => location.reload()}>Load the console again<//>
    <//>`;
  }
  if (loaded === null || loaded.view !== view || !loaded.View) {
    return html`<${Loading} />`;
  }
  return html`<${loaded.View} params=${params} query=${query} />`;
}

/** Keeps a fault of one view from taking the navigation with it. */
class Guard extends Component {
  /** @param {any} props */
  constructor(props) {
    super(props);
    this.state = { error: null };
  }

  /** @param {any} error */
  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  render() {
    const { error } = /** @type {any} */ (this.state);
    return error
      ? html`<${Page} title="The console has a fault"
          ><${ErrorBox} error=${error} onRetry=${() => location.reload()}
        /><//>`
      : this.props.children;
  }
}

/** @param {{view: string, onHelp: () => void}} props */
function Header({ view, onHelp }) {
  const session = useSession();
  const items =
    session !== null && session.access === 'required' && session.principal !== null
      ? [...NAVIGATION, ACCESS]
      : NAVIGATION;
  return html`<header class="top">
    <a class="brand" href=${url([])}>
      <img src=${new URL('./logo.svg', import.meta.url).href} width="24" height="24" alt="" /><span>Trunkline</span>
    </a>
    <nav aria-label="Main">
      ${items.map(
        ({ title, path, views }) =>
          html`<a key=${title} href=${url(path)} aria-current=${views.includes(view) ? 'page' : undefined}
            >${title}</a
          >`,
      )}
    </nav>
    <div class="top-end">
      ${session?.read_only ? html`<${Badge} title="The console of this service changes nothing.">read-only<//>` : null}
      <${ConnectionState} />
      <${Account} session=${session} view=${view} />
      <${Button} kind="quiet" label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${onHelp}>?<//>
    </div>
  </header>`;
}

const STATES = { online: 'Connected', offline: 'No connection', database: 'No database' };

function ConnectionState() {
  const { state } = useStore(connection);
  return html`<span class=${'connection ' + state} role="status"
    ><i aria-hidden="true"></i><span>${STATES[state]}</span></span
  >`;
}

/** Says that the connection is lost, and when it is tried again. */
function ConnectionBar() {
  const { state, nextTry } = useStore(connection);
  const [now, setNow] = useState(Date.now());
  const [trying, setTrying] = useState(false);
  useEffect(() => {
    if (state === 'online') {
      return undefined;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [state, nextTry]);
  if (state === 'online') {
    return null;
  }
  const seconds = nextTry === null ? 0 : Math.max(0, Math.ceil((nextTry - now) / 1_000));
  async function retry() {
    setTrying(true);
    await connection.retry();
    setTrying(false);
  }
  return html`<section class="connection-bar" aria-label="Connection">
    <p role="alert">
      ${
        state === 'offline'
          ? 'The service cannot be reached. What you see is what it was before.'
          : 'The service cannot reach PostgreSQL. What you see is what it was before.'
      }
    </p>
    <span>${seconds > 0 ? 'Next try in ' + seconds + ' s' : 'Trying…'}</span>
    <${Button} busy=${trying} onClick=${retry}>Try now<//>
  </section>`;
}

/** @param {{session: import('./session.js').Session | null, view: string}} props */
function Account({ session, view }) {
  if (session === null || session.access === 'none') {
    return null;
  }
  if (session.principal === null) {
    return view === 'login' ? null : html`<${Button} onClick=${login}>Sign in<//>`;
  }
  async function signOut() {
    try {
      await send('DELETE', '/session');
      setSession(await loadSession());
      navigate('/console/login');
    } catch (error) {
      toast(/** @type {Error} */ (error).message, 'error');
    }
  }
  return html`<span class="account"
    ><span class="principal" title=${session.roles.join(', ')}>${session.principal}</span>
    ${session.cookie ? html`<${Button} kind="quiet" onClick=${signOut}>Sign out<//>` : null}</span
  >`;
}

/** @param {{onClose: () => void}} props */
function Help({ onClose }) {
  const on = useStore(keysOn);
  return html`<${Dialog} title="Keyboard shortcuts" onClose=${onClose}>
    <dl class="keys">
      ${keyHelp().map(
        ({ key, does }) =>
          html`<div key=${key}>
            <dt>${key.split(' ').map((each) => html`<kbd key=${each}>${each}</kbd> `)}</dt>
            <dd>${does}</dd>
          </div>`,
      )}
    </dl>
    <label class="check">
      <input type="checkbox" checked=${on} onChange=${() => keysOn.set(!on)} />
      <span>Shortcuts of single keys are on</span>
    </label>
  <//>`;
}

startRouter();
startKeys();
loadSession()
  .then((session) => {
    if (session.access === 'required' && session.principal === null && route().view !== 'login') {
      login();
    }
  })
  .catch(() => {
    // The connection bar says so; the session is asked for when the connection is back.
    const unsubscribe = connection.subscribe(({ state }) => {
      if (state === 'online') {
        unsubscribe();
        loadSession().catch(() => undefined);
      }
    });
  });
const app = document.getElementById('app');
if (app) {
  render(html`<${App} />`, app);
}
