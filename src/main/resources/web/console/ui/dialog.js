// @ts-check
import { curl } from '../api.js';
import { html, useLayoutEffect, useMemo, useRef, useState } from '../html.js';
import { Button, Copy, ErrorBox, Field, newId } from './basic.js';

/**
 * A modal dialog. It takes the focus to its first field, or table, and gives it back to where it was.
 *
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} props `onClose` for Escape and the cross
 */
export function Dialog({ title, onClose, children, wide = false }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useMemo(newId, []);
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    if (!dialog) {
      return undefined;
    }
    dialog.showModal();
    /** @type {HTMLElement | null} */ (
      dialog.querySelector('[autofocus]') ??
        dialog.querySelector('input:not(:disabled), select, textarea') ??
        dialog.querySelector('[role=grid]')
    )?.focus();
    // A second Escape closes a dialog whatever it says.
    const onClosed = () => close.current();
    dialog.addEventListener('close', onClosed);
    return () => {
      dialog.removeEventListener('close', onClosed);
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class=${wide ? 'wide' : ''}
    aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose();
    }}
  >
    <header class="dialog-head">
      <h2 id=${id}>${title}</h2>
      <${Button} kind="quiet" label="Close" onClick=${onClose}>×<//>
    </header>
    <div class="dialog-body">${children}</div>
  </dialog>`;
}

/**
 * The HTTP call that a button makes, as a command.
 *
 * @param {{call: import('../api.js').Call | null, open?: boolean}} props nothing is shown without a call
 */
export function CallPreview({ call, open = true }) {
  if (call === null) {
    return null;
  }
  const command = curl(call);
  return html`<details class="call" open=${open}>
    <summary>The HTTP call that this makes</summary>
    <div class="call-body">
      <pre><code>${command}</code></pre>
      <${Copy} text=${command} kind="quiet" />
    </div>
  </details>`;
}

/**
 * Asks before something is done that cannot be undone. A failure is shown in the dialog, which stays.
 *
 * @param {{
 *   title: string, text?: any, word?: string, label?: string, call: import('../api.js').Call | null,
 *   onConfirm: () => Promise<void> | void, onClose: () => void, kind?: 'danger' | 'main',
 * }} props `word` must be typed; `label` is that of the button
 */
export function Confirm({ title, text, word, label = 'Delete', call, onConfirm, onClose, kind = 'danger' }) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const ready = word === undefined || typed === word;

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (!ready || busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${submit}>
      ${text ? html`<div class="text">${text}</div>` : null}
      ${
        word === undefined
          ? null
          : html`<${Field} label=${html`Type <code class="name">${word}</code> to confirm`}>
              <input
                type="text"
                autocomplete="off"
                autocapitalize="off"
                spellcheck=${false}
                value=${typed}
                onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
              />
            <//>`
      }
      <${CallPreview} call=${call} />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind=${kind} type="submit" disabled=${!ready} busy=${busy}>${label}<//>
      </div>
    </form>
  <//>`;
}
