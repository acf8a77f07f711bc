// @ts-check
/** Dialogs that create tokens and rules. */
import { send } from '../api.js';
import { html, useState } from '../html.js';
import { Button, Copy, ErrorBox, Field, toast } from '../ui/basic.js';
import { CallPreview, Dialog } from '../ui/dialog.js';
import { RIGHTS } from '../logic/grants.js';

const LIFETIMES = [
  { value: 'P1D', title: 'in a day' },
  { value: 'P30D', title: 'in 30 days' },
  { value: 'P90D', title: 'in 90 days' },
  { value: 'P365D', title: 'in a year' },
  { value: '', title: 'never' },
];
const BUILT_IN = ['admin', 'writer', 'reader'];

/** A state for the field of a form, and what changes it. @param {string} initial @returns {[string, (event: any) => void]} */
function useInput(initial) {
  const [value, setValue] = useState(initial);
  return [value, (event) => setValue(event.target.value)];
}

/** Fields for names. */
const PLAIN = { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: false };

/** @param {{onDone: () => void, onClose: () => void}} props */
export function NewToken({ onDone, onClose }) {
  const [principal, onPrincipal] = useInput('');
  const [others, onOthers] = useInput('');
  const [description, onDescription] = useInput('');
  const [lifetime, onLifetime] = useInput('P90D');
  const [roles, setRoles] = useState(/** @type {string[]} */ ([]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [secret, setSecret] = useState(/** @type {string | null} */ (null));
  const more = others.split(/[\s,]+/).filter((role) => role !== '');
  const json = {
    principal: principal.trim(),
    roles: [...new Set([...roles, ...more])],
    ...(description.trim() === '' ? {} : { description: description.trim() }),
    ...(lifetime === '' ? {} : { expires_in: lifetime }),
  };

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { body } = await send('POST', '/tokens', { json });
      setSecret(body.token);
      onDone();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  }

  if (secret !== null) {
    return html`<${Dialog} title="The token" onClose=${onClose}>
      <div class="stack">
        <p class="text">Copy it now: it is shown this once, and the service keeps only its hash.</p>
        <pre class="secret" tabindex="0" role="region" aria-label="The token"><code>${secret}</code></pre>
        <div class="dialog-actions">
          <${Copy} text=${secret} kind="main" />
          <${Button} onClick=${onClose}>I have it<//>
        </div>
      </div>
    <//>`;
  }
  return html`<${Dialog} title="Create a token" onClose=${onClose}>
    <form onSubmit=${submit}>
      <${Field} label="Principal" hint="Whom the token stands for; rules name it.">
        <input ...${PLAIN} required maxlength="255" value=${principal} onInput=${onPrincipal} />
      <//>
      <fieldset>
        <legend>Roles that the token brings</legend>
        <div class="choices">
          ${BUILT_IN.map(
            (role) =>
              html`<label key=${role} class="check">
                <input
                  type="checkbox"
                  checked=${roles.includes(role)}
                  onChange=${() => setRoles(roles.includes(role) ? roles.filter((each) => each !== role) : [...roles, role])}
                />
                <span>${role}</span>
              </label>`,
          )}
        </div>
      </fieldset>
      <${Field} label="Other roles" hint="Those that rules name, with commas between them.">
        <input ...${PLAIN} value=${others} onInput=${onOthers} />
      <//>
      <${Field} label="Description">
        <input ...${PLAIN} maxlength="1000" value=${description} onInput=${onDescription} />
      <//>
      <${Field} label="Expires">
        <select value=${lifetime} onChange=${onLifetime}>
          ${LIFETIMES.map(({ value, title }) => html`<option key=${value} value=${value}>${title}</option>`)}
        </select>
      <//>
      <${CallPreview} call=${json.principal === '' ? null : { method: 'POST', path: '/tokens', json }} />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind="main" type="submit" busy=${busy} disabled=${json.principal === ''}>Create<//>
      </div>
    </form>
  <//>`;
}

/** @param {{onDone: () => void, onClose: () => void}} props */
export function NewRule({ onDone, onClose }) {
  const [by, onBy] = useInput('principal');
  const [who, onWho] = useInput('');
  const [on, setOn] = useState(/** @type {'topic' | 'group'} */ ('topic'));
  const [name, onName] = useInput('');
  const [right, setRight] = useState('read');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const json = { [by]: who.trim(), right, [on]: name.trim() };
  const ready = who.trim() !== '' && name.trim() !== '';

  /** @param {any} event */
  function onOn(event) {
    setOn(event.target.value);
    setRight(RIGHTS[/** @type {'topic' | 'group'} */ (event.target.value)][0]);
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { body } = await send('POST', '/rules', { json });
      toast(`Rule ${body.id} holds within a second.`);
      onDone();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return html`<${Dialog} title="Create a rule" onClose=${onClose}>
    <form onSubmit=${submit}>
      <div class="fields">
        <${Field} label="For">
          <select value=${by} onChange=${onBy}>
            <option value="principal">a principal</option>
            <option value="role">a role</option>
          </select>
        <//>
        <${Field} label=${by === 'principal' ? 'Name of the principal' : 'Name of the role'}>
          <input ...${PLAIN} required maxlength=${by === 'principal' ? 255 : 100} value=${who} onInput=${onWho} />
        <//>
        <${Field} label="On">
          <select value=${on} onChange=${onOn}>
            <option value="topic">topics</option>
            <option value="group">groups</option>
          </select>
        <//>
        <${Field} label="May">
          <select value=${right} onChange=${(/** @type {any} */ event) => setRight(event.target.value)}>
            ${RIGHTS[on].map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
          </select>
        <//>
      </div>
      <${Field}
        label=${on === 'topic' ? 'Topics' : 'Groups'}
        hint="A name, the beginning of names with * behind it, or * for all."
      >
        <input ...${PLAIN} required placeholder="orders.*" value=${name} onInput=${onName} />
      <//>
      <${CallPreview} call=${ready ? { method: 'POST', path: '/rules', json } : null} />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind="main" type="submit" busy=${busy} disabled=${!ready}>Create<//>
      </div>
    </form>
  <//>`;
}
