// @ts-check
import { pathOf, send } from '../api.js';
import { html, useEffect, useRef, useState } from '../html.js';
import { SETTINGS, asValue, inWords } from '../topic-config.js';
import { Badge, Button, ErrorBox, Field, toast } from '../ui/basic.js';
import { CallPreview } from '../ui/dialog.js';

/** @typedef {import('../topic-config.js').Setting} Setting */

/**
 * The configuration of a topic: in words, with defaults marked, edited in place.
 *
 * @param {{
 *   topic: string, configs: Record<string, string>, sources: Record<string, string>, manages: boolean, onChanged: () => void,
 * }} props
 */
export function Config({ topic, configs, sources, manages, onChanged }) {
  const [editing, setEditing] = useState(/** @type {string | null} */ (null));
  const known = SETTINGS.map((setting) => setting.name);
  const others = Object.keys(configs)
    .filter((name) => !known.includes(name))
    .sort();
  return html`<section class="panel" aria-labelledby="configuration">
    <div class="panel-head"><h2 id="configuration">Configuration</h2></div>
    <div class="config">
      ${[...known.filter((name) => Object.hasOwn(configs, name)), ...others].map(
        (name) =>
          html`<${Row}
            key=${name}
            topic=${topic}
            name=${name}
            setting=${SETTINGS.find((setting) => setting.name === name)}
            value=${configs[name]}
            isDefault=${sources[name] === 'DEFAULT_CONFIG'}
            isEditing=${editing === name}
            manages=${manages}
            onEdit=${() => setEditing(name)}
            onEnd=${(/** @type {boolean} */ changed) => {
              setEditing(null);
              if (changed) {
                onChanged();
              }
            }}
          />`,
      )}
    </div>
  </section>`;
}

/**
 * @param {{
 *   topic: string, name: string, setting: Setting | undefined, value: string, isDefault: boolean, isEditing: boolean,
 *   manages: boolean, onEdit: () => void, onEnd: (changed: boolean) => void,
 * }} props
 */
function Row({ topic, name, setting, value, isDefault, isEditing, manages, onEdit, onEnd }) {
  const edit = useRef(/** @type {HTMLElement | null} */ (null));
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !isEditing) {
      edit.current?.querySelector('button')?.focus();
    }
    wasEditing.current = isEditing;
  }, [isEditing]);
  const words = inWords(setting, value);
  const title = setting?.title ?? name;
  return html`<div class="config-row">
    <div>
      <div>${title}</div>
      ${setting ? html`<code class="muted">${name}</code>` : html`<span class="hint">kept, without an effect</span>`}
    </div>
    <div class="config-words">
      <strong class="name">${words}</strong>
      ${words === value ? null : html`<code class="muted name">${value}</code>`}
      ${isDefault ? html`<${Badge}>default<//>` : html`<${Badge} kind="accent">set<//>`}
    </div>
    <div class="edit" ref=${edit}>
      ${
        manages && setting?.kind !== 'fixed' && !isEditing
          ? html`<${Button} kind="quiet" label=${'Edit ' + title} onClick=${onEdit}>Edit<//>`
          : null
      }
    </div>
    ${
      isEditing
        ? html`<${Editor}
            topic=${topic}
            name=${name}
            setting=${setting}
            value=${value}
            isDefault=${isDefault}
            onEnd=${onEnd}
          />`
        : null
    }
  </div>`;
}

/**
 * @param {{
 *   topic: string, name: string, setting: Setting | undefined, value: string, isDefault: boolean, onEnd: (changed: boolean) => void,
 * }} props
 */
function Editor({ topic, name, setting, value, isDefault, onEnd }) {
  const isChoice = setting?.kind === 'choice';
  const [typed, setTyped] = useState(isChoice || !setting ? value : inWords(setting, value));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector('input, select'))?.focus();
  }, []);
  // What is shown is rounded: as long as it is not changed, neither is the value.
  const isSame = !isChoice && setting !== undefined && typed === inWords(setting, value);
  const wanted = isSame ? value : asValue(setting, typed);
  const call = { method: 'PATCH', path: pathOf('topics', topic), json: { configs: { [name]: wanted } } };
  const isChanged = wanted !== null && (wanted !== value || isDefault);

  /** @param {string | null} to null for the default */
  async function save(to) {
    setBusy(true);
    setError(null);
    try {
      await send('PATCH', call.path, { json: { configs: { [name]: to } } });
      toast(name + (to === null ? ' has its default again.' : ' is ' + inWords(setting, to) + ' now.'));
      onEnd(true);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  const control = isChoice
    ? html`<select value=${typed} onChange=${(/** @type {any} */ event) => setTyped(event.target.value)}>
        ${setting.choices?.map((choice) => html`<option key=${choice.value} value=${choice.value}>${choice.value}: ${choice.title}</option>`)}
      </select>`
    : html`<input
        type="text"
        autocomplete="off"
        spellcheck=${false}
        value=${typed}
        onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
      />`;
  return html`<form
    class="stack"
    ref=${form}
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (isChanged && !busy) {
        save(wanted);
      }
    }}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        onEnd(false);
      }
    }}
  >
    <${Field}
      label=${setting?.title ?? name}
      hint=${setting?.hint}
      error=${wanted === null ? 'This is not understood.' : null}
      >${control}<//
    >
    ${wanted !== null && wanted !== typed ? html`<p class="hint">This is <code>${wanted}</code>.</p>` : null}
    <${CallPreview} call=${isChanged ? call : null} />
    <${ErrorBox} error=${error} />
    <div class="actions">
      <${Button} kind="main" type="submit" disabled=${!isChanged} busy=${busy}>Save<//>
      ${
        isDefault
          ? null
          : html`<${Button}
              busy=${busy}
              onClick=${() => save(null)}
              title=${'PATCH {"configs": {"' + name + '": null}}'}
              >Back to the default<//
            >`
      }
      <${Button} kind="quiet" onClick=${() => onEnd(false)}>Cancel<//>
    </div>
  </form>`;
}
