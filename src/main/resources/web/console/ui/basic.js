// @ts-check
/** What all views are made of. */
import { cloneElement, html, isValidElement, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../html.js';
import { hasNavigated } from '../router.js';
import { createStore, useStore } from '../store.js';

let ids = 0;

/** @returns {string} an id that no other element has */
export function newId() {
  return 'x' + ++ids;
}

/**
 * @param {{
 *   title: string, crumbs?: {title: string, href: string}[], badge?: any, actions?: any, children?: any,
 * }} props
 */
export function Page({ title, crumbs = [], badge, actions, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = title + ' · Trunkline';
  }, [title]);
  useLayoutEffect(() => {
    if (hasNavigated()) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return html`<div class="page">
    <div class="page-head">
      <div class="page-title">
        ${
          crumbs.length > 0
            ? html`<nav class="crumbs" aria-label="Breadcrumb">
                ${crumbs.map(
                  (crumb) =>
                    html`<a key=${crumb.href} href=${crumb.href}>${crumb.title}</a><span aria-hidden="true">/</span>`,
                )}
              </nav>`
            : null
        }
        <h1 ref=${heading} tabindex="-1"><span class="name">${title}</span>${badge}</h1>
      </div>
      ${actions ? html`<div class="page-actions">${actions}</div>` : null}
    </div>
    ${children}
  </div>`;
}

/**
 * @param {{
 *   kind?: 'plain' | 'main' | 'danger' | 'quiet', href?: string, type?: 'button' | 'submit', disabled?: boolean, busy?: boolean,
 *   onClick?: (event: Event) => void, title?: string, children?: any, label?: string, pressed?: boolean,
 * }} props with `href` it is a link; `label` is its name where it shows none
 */
export function Button(props) {
  const { kind = 'plain', href, type = 'button', disabled, busy, onClick, title, children, label, pressed } = props;
  const name = 'button ' + kind;
  if (href !== undefined) {
    return html`<a class=${name} href=${href} title=${title} aria-label=${label} onClick=${onClick}>${children}</a>`;
  }
  return html`<button
    class=${name}
    type=${type}
    disabled=${disabled || busy}
    aria-busy=${busy ? 'true' : undefined}
    aria-label=${label}
    aria-pressed=${pressed}
    title=${title}
    onClick=${onClick}
  >
    ${children}
  </button>`;
}

/**
 * A labelled control. The child is one element, which gets the ids that tie it to the label, hint and error; or a function
 * of these.
 *
 * @param {{label: string, hint?: any, error?: any, children: any, hideLabel?: boolean}} props
 */
export function Field({ label, hint, error, children, hideLabel = false }) {
  const id = useMemo(newId, []);
  const described = [hint ? id + '-hint' : '', error ? id + '-error' : ''].filter((each) => each !== '').join(' ');
  const attributes = {
    id,
    'aria-describedby': described === '' ? undefined : described,
    'aria-invalid': error ? 'true' : undefined,
  };
  const child = Array.isArray(children) ? children.find(isValidElement) : children;
  return html`<div class="field">
    <label for=${id} class=${hideLabel ? 'hidden' : ''}>${label}</label>
    ${typeof child === 'function' ? child(attributes) : isValidElement(child) ? cloneElement(child, attributes) : child}
    ${hint ? html`<p class="hint" id=${id + '-hint'}>${hint}</p>` : null}
    ${error ? html`<p class="field-error" id=${id + '-error'}>${error}</p>` : null}
  </div>`;
}

/**
 * A failure as the API tells it: its message and its code.
 *
 * @param {{error: any, onRetry?: () => void, isStale?: boolean}} props nothing is shown without an error, nor of a lost
 *   connection where `isStale` data are shown: the bar at the top says so
 */
export function ErrorBox({ error, onRetry, isStale = false }) {
  if (!error || (isStale && error.code === 'CONNECTION_LOST')) {
    return null;
  }
  /** @type {string[]} */
  const details = Array.isArray(error.body?.validation_errors) ? error.body.validation_errors.map(String) : [];
  const message = String(error.message ?? error);
  return html`<div class="error-box" role="alert">
    <p class="error-message">${message}</p>
    ${
      details.length > 0 && !(details.length === 1 && details[0] === message)
        ? html`<ul>
            ${details.map((detail) => html`<li key=${detail}>${detail}</li>`)}
          </ul>`
        : null
    }
    <p class="error-code">
      <code>${error.code ?? error.name ?? 'ERROR'}</code
      >${error.status ? html`<span>HTTP ${error.status}</span>` : null}
      ${onRetry ? html`<${Button} onClick=${onRetry}>Retry<//>` : null}
    </p>
  </div>`;
}

/** @param {{title: string, children?: any, action?: any}} props */
export function Empty({ title, children, action }) {
  return html`<div class="empty">
    <p class="empty-title">${title}</p>
    ${children ? html`<div class="empty-text">${children}</div>` : null}
    ${action ? html`<div class="empty-action">${action}</div>` : null}
  </div>`;
}

/** What is shown until the first data are here. @param {{label?: string}} props */
export function Loading({ label = 'Loading' }) {
  return html`<div class="loading" role="status"><span class="hidden">${label}…</span><i></i><i></i><i></i></div>`;
}

/** @param {{value: number | null | undefined, max: number, label: string}} props without a value it is under way */
export function Progress({ value, max, label }) {
  const known = typeof value === 'number' && max > 0;
  return html`<div class="progress">
    <progress
      aria-label=${label}
      max=${known ? max : undefined}
      value=${known ? Math.min(value, max) : undefined}
    ></progress>
  </div>`;
}

/**
 * Parts of a view. With `href`s they are links; without, tabs with arrow keys.
 *
 * @param {{
 *   tabs: {name: string, title: any, href?: string}[], selected: string, onSelect?: (name: string) => void, label: string,
 * }} props
 */
export function Tabs({ tabs, selected, onSelect, label }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  if (tabs.some((tab) => tab.href !== undefined)) {
    return html`<nav class="tabs" aria-label=${label}>
      ${tabs.map(
        (tab) =>
          html`<a key=${tab.name} href=${tab.href} aria-current=${tab.name === selected ? 'page' : undefined}
            >${tab.title}</a
          >`,
      )}
    </nav>`;
  }
  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const at = tabs.findIndex((tab) => tab.name === selected);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      const next = (at + by + tabs.length) % tabs.length;
      onSelect?.(tabs[next].name);
      /** @type {HTMLElement | undefined} */ (list.current?.children[next])?.focus();
    }
  }
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
    ${tabs.map(
      (tab) =>
        html`<button
          key=${tab.name}
          type="button"
          role="tab"
          aria-selected=${tab.name === selected}
          tabindex=${tab.name === selected ? 0 : -1}
          onClick=${() => onSelect?.(tab.name)}
        >
          ${tab.title}
        </button>`,
    )}
  </div>`;
}

/** Copies text. @param {{text: string | (() => string), label?: string, kind?: 'plain' | 'main' | 'danger' | 'quiet'}} props */
export function Copy({ text, label = 'Copy', kind = 'plain' }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    const timer = done ? setTimeout(() => setDone(false), 2_000) : undefined;
    return () => clearTimeout(timer);
  }, [done]);
  async function copy() {
    const value = typeof text === 'function' ? text() : text;
    if (await copied(value)) {
      setDone(true);
    } else {
      toast('The browser does not let this page copy. Select the text and copy it.', 'error');
    }
  }
  return html`<${Button} kind=${kind} onClick=${copy}><span aria-live="polite">${done ? 'Copied' : label}</span><//>`;
}

/** @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP there is no clipboard, but what is selected can be copied.
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden';
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    const focus = document.activeElement;
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (focus instanceof HTMLElement) {
      focus.focus();
    }
    return done;
  }
}

/** @param {{kind?: 'plain' | 'good' | 'warn' | 'bad' | 'accent', title?: string, children?: any}} props */
export function Badge({ kind = 'plain', title, children }) {
  return html`<span class=${'badge ' + kind} title=${title}>${children}</span>`;
}

/** A card with a number. @param {{label: string, value: any, note?: any, href?: string}} props */
export function Stat({ label, value, note, href }) {
  return html`<div class="stat">
    <p class="stat-label">${href ? html`<a href=${href}>${label}</a>` : label}</p>
    <p class="stat-value">${value}</p>
    ${note ? html`<p class="stat-note">${note}</p>` : null}
  </div>`;
}

/** @typedef {{id: string, text: string, kind: 'ok' | 'error'}} Toast */

const MOST_TOASTS = 4;
const toasts = createStore(/** @type {Toast[]} */ ([]));

/**
 * Says in a corner what happened. Errors stay until they are closed.
 *
 * @param {string} text
 * @param {'ok' | 'error'} [kind]
 */
export function toast(text, kind = 'ok') {
  const id = newId();
  toasts.set([...toasts.get(), { id, text, kind }].slice(-MOST_TOASTS));
  if (kind === 'ok') {
    setTimeout(() => dismiss(id), 6_000);
  }
}

/** @param {string} id */
function dismiss(id) {
  toasts.set(toasts.get().filter((each) => each.id !== id));
}

/** Where toasts are shown; once in the page. */
export function Toasts() {
  const all = useStore(toasts);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${all.map(
      (each) =>
        html`<div key=${each.id} class=${'toast ' + each.kind}>
          <span>${each.text}</span>
          <button type="button" class="button quiet" aria-label="Dismiss" onClick=${() => dismiss(each.id)}>×</button>
        </div>`,
    )}
  </div>`;
}
