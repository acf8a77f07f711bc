// @ts-check
/** Who uses the console, and what he may do. The service decides anyway: this only says which buttons are of use. */
import { get, setNeedsToken } from './api.js';
import { useEffect, useState } from './html.js';
import { createStore, useStore } from './store.js';

/**
 * The response of GET /session.
 *
 * @typedef {{
 *   access: 'none' | 'required', principal: string | null, roles: string[], administrator: boolean,
 *   by: 'token' | 'oidc' | 'certificate' | null, cookie: boolean, expires_at: string | null, oidc_login: boolean,
 *   read_only: boolean, rights: {topics: Record<string, string[]>, groups: Record<string, string[]>},
 * }} Session
 */

const store = createStore(/** @type {Session | null} */ (null));

/**
 * Asks the service who is logged in.
 *
 * @returns {Promise<Session>}
 */
export async function loadSession() {
  const { body } = await get('/session', { login: false });
  setSession(body);
  return body;
}

/** @param {Session} session a response of POST /session, for example */
export function setSession(session) {
  setNeedsToken(session.access === 'required');
  store.set(session);
}

/** @returns {Session | null} null until the service has told */
export function useSession() {
  return useStore(store);
}

/**
 * The session with the rights on these topics and groups, of which there may be 100 each; null until the service has
 * told.
 *
 * @param {{topics?: string[], groups?: string[]}} names
 * @returns {Session | null}
 */
export function useRights({ topics = [], groups = [] }) {
  const session = useSession();
  const [rights, setRights] = useState(/** @type {{of: string, session: Session} | null} */ (null));
  const of = JSON.stringify([topics, groups]);
  useEffect(() => {
    const controller = new AbortController();
    if (session !== null && session.access === 'required') {
      get('/session', { query: { topic: topics, group: groups }, signal: controller.signal, login: false })
        .then(({ body }) => setRights({ of, session: body }))
        .catch(() => setRights(null)); // without an answer no button is shown
    }
    return () => controller.abort();
  }, [session, of]);
  if (session === null || session.access === 'none') {
    return session;
  }
  return rights !== null && rights.of === of ? rights.session : null;
}

/**
 * Whether something may be done: with all topics or groups whose rights {@link useRights} has asked for, or with the one
 * named. In read-only mode nothing but reading may be done.
 *
 * @param {Session | null} session
 * @param {'topic' | 'group'} kind
 * @param {'read' | 'write' | 'manage' | 'use'} right
 * @param {string} [name]
 * @returns {boolean}
 */
export function may(session, kind, right, name) {
  if (session === null || (session.read_only && right !== 'read')) {
    return false;
  }
  if (session.access === 'none' || session.administrator) {
    return true;
  }
  const rights = kind === 'topic' ? session.rights?.topics : session.rights?.groups;
  const asked = name === undefined ? Object.values(rights ?? {}) : [rights?.[name] ?? []];
  return asked.length > 0 && asked.every((each) => each.includes(right));
}

/**
 * Whether something may be changed at all.
 *
 * @param {Session | null} session
 */
export function mayChange(session) {
  return session !== null && !session.read_only && (session.access === 'none' || session.principal !== null);
}
