// @ts-check
/** Who somebody is: by an API token, or by the OpenID provider. */
import { send } from '../api.js';
import { html, useEffect, useState } from '../html.js';
import { navigate, url } from '../router.js';
import { loadSession, setSession, useSession } from '../session.js';
import { Button, ErrorBox, Field, Loading, Page } from '../ui/basic.js';
import { stashDrafts } from './drafts.js';
import { safeTarget } from '../logic/target.js';

/** What the service says about a login by the provider that failed. @type {Record<string, string>} */
const ERRORS = {
  LOGIN_EXPIRED: 'The login took more than ten minutes, or was begun in another browser. Sign in again.',
  LOGIN_REFUSED: 'The provider did not let you in.',
  AUTHENTICATION_REQUIRED: 'The provider has let you in, but the service does not accept its token.',
  TOKEN_TOO_LARGE: 'The token of the provider is larger than a cookie can be. Use an API token.',
  PROVIDER_UNAVAILABLE: 'The provider cannot be reached. Try again later, or use an API token.',
};

/** Takes a cookie away that is not valid any more: with it, the service does not even say how to sign in. */
async function forget() {
  await send('DELETE', '/session', { login: false }).catch(() => undefined);
  await loadSession().catch(() => undefined);
}

/** @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Login({ query }) {
  const session = useSession();
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const to = safeTarget(query.get('to'), location.origin);
  const failed = query.get('error');

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { body } = await send('POST', '/session', { json: { token: token.trim() }, login: false });
      setToken('');
      setSession(body);
      navigate(to, { replace: true });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  useEffect(() => {
    if (session === null) {
      loadSession().catch((failure) => (failure.status === 401 ? forget() : undefined));
    }
  }, []);

  if (session === null) {
    return html`<${Page} title="Sign in"><${Loading} /><//>`;
  }
  if (session.access === 'none') {
    return html`<${Page} title="Sign in">
      <p class="text">
        This service has no access control: there is nobody to sign in as. <a href=${url([])}>Go to the overview.</a>
      </p>
    <//>`;
  }
  return html`<${Page} title="Sign in">
    <div class="login panel padded stack">
      ${failed === null ? null : html`<p class="alert critical" role="alert">${ERRORS[failed] ?? 'The login failed.'} <code>${failed}</code></p>`}
      ${
        session.principal === null
          ? null
          : html`<p class="text">
              You are signed in as <b class="name">${session.principal}</b>. <a href=${to}>Go on.</a>
            </p>`
      }
      ${
        session.oidc_login
          ? html`<${Button} kind="main" href=${'/session/login?' + new URLSearchParams({ to })} onClick=${stashDrafts}
                >Sign in with your organization<//
              >
              <p class="or"><span>or</span></p>`
          : null
      }
      <form class="stack" onSubmit=${submit}>
        <${Field}
          label="API token"
          hint="It goes to the service once, over this connection. The browser keeps a cookie that scripts cannot read."
        >
          <input
            type="password"
            autocomplete="current-password"
            autocapitalize="off"
            spellcheck=${false}
            placeholder="tl_…"
            required
            value=${token}
            onInput=${(/** @type {any} */ event) => setToken(event.target.value)}
          />
        <//>
        <${ErrorBox} error=${error} />
        <div>
          <${Button}
            kind=${session.oidc_login ? 'plain' : 'main'}
            type="submit"
            busy=${busy}
            disabled=${token.trim() === ''}
            >Sign in<//
          >
        </div>
      </form>
    </div>
  <//>`;
}
