// @ts-check
/** Writing records: one with all that it has, or many lines at once. */
import { Time, bytes, count, counted } from '../format.js';
import { html, useEffect, useMemo, useRef, useState } from '../html.js';
import { decode, textOf } from '../logic/base64.js';
import {
  callOf,
  editable,
  linesOf,
  newIdempotencyKey,
  partBytes,
  partProblem,
  place,
  problemsOf,
  readTimestamp,
} from '../logic/message.js';
import { recordHref } from '../logic/record.js';
import { curl, send } from '../api.js';
import { setQuery, url } from '../router.js';
import { may, useRights } from '../session.js';
import { Badge, Button, Copy, Empty, ErrorBox, Field, Loading, Page, Tabs } from '../ui/basic.js';
import { CallPreview } from '../ui/dialog.js';
import { TopicNav } from '../ui/topic-nav.js';
import { useDraft } from './drafts.js';
import { recordAt } from './record-source.js';

/** @typedef {import('../logic/message.js').Draft} Draft */
/** @typedef {import('../logic/message.js').Part} Part */
/** @typedef {import('../logic/message.js').Call} Call */
/** @typedef {import('../logic/message.js').Lines} Lines */
/** @typedef {import('../logic/message.js').HeaderDraft} HeaderDraft */
/** @typedef {import('../logic/record.js').Row} Row */
/** @typedef {{partition?: number, offset?: number, error_code?: number, message?: string, code?: string}} Outcome */

/** Characters of a body that the preview of the call shows, and that are checked while somebody types. */
const MOST_SHOWN = 4_000;
const MOST_EDITED = 256 * 1024;
const MOST_OUTCOMES = 200;

/** @param {{params: Record<string, string>, query: URLSearchParams}} props */
export default function Send({ params: { topic }, query }) {
  const session = useRights({ topics: [topic] });
  const many = query.get('mode') === 'lines';
  const copy = query.get('copy');
  const writes = may(session, 'topic', 'write', topic);
  return html`<${Page} title=${topic} crumbs=${[{ title: 'Topics', href: url(['topics']) }]}>
    <${TopicNav} topic=${topic} selected="send" session=${session} />
    ${session === null ? html`<${Loading} />` : null}
    ${
      session !== null && !writes
        ? html`<div class="panel">
            <${Empty} title="You may not write to this topic"
              >${session.read_only ? 'The console of this service changes nothing.' : html`It takes the right <code>write</code> on the topic.`}<//
            >
          </div>`
        : null
    }
    ${
      writes
        ? html`<${Tabs}
              label="How many records"
              tabs=${[
                { name: 'one', title: 'One record' },
                { name: 'lines', title: 'Many lines' },
              ]}
              selected=${many ? 'lines' : 'one'}
              onSelect=${(/** @type {string} */ name) => setQuery({ mode: name === 'lines' ? 'lines' : null }, { replace: true })}
            />
            ${
              many
                ? html`<${SendLines} key=${topic} topic=${topic} />`
                : copy === null
                  ? html`<${SendOne} key=${topic} topic=${topic} />`
                  : html`<${SendCopy} key=${topic + ' ' + copy} topic=${topic} copy=${copy} />`
            }`
        : null
    }
  <//>`;
}

/** Loads the record that is to be sent again. @param {{topic: string, copy: string}} props */
function SendCopy({ topic, copy }) {
  const [state, setState] = useState(/** @type {{row?: Row, error?: any}} */ ({}));
  const [run, setRun] = useState(0);
  const found = /^([a-zA-Z0-9._-]{1,249}):([0-9]{1,9}):([0-9]{1,16})$/.exec(copy);
  useEffect(() => {
    if (found === null) {
      return undefined;
    }
    const controller = new AbortController();
    setState({});
    recordAt(found[1], Number(found[2]), Number(found[3]), controller.signal).then(
      (row) => setState({ row }),
      (error) => controller.signal.aborted || setState({ error }),
    );
    return () => controller.abort();
  }, [copy, run]);
  if (found === null) {
    return html`<p class="field-error">
      The address names no record: it has to be a topic, a partition and an offset, such as orders:0:42.
    </p>`;
  }
  if (state.error) {
    return html`<${ErrorBox} error=${state.error} onRetry=${() => setRun(run + 1)} />`;
  }
  return state.row === undefined
    ? html`<${Loading} label="Loading the record" />`
    : html`<${SendOne} topic=${topic} original=${state.row} from=${found[1]} copy=${copy} />`;
}

/**
 * What the form holds, without bytes: an original is in the record that it is copied from.
 *
 * @typedef {Omit<Draft, 'topic'> & {target: string, sent: {key: string, body: string} | null}} OneDraft
 */

/** @param {Row | undefined} original @param {string} topic @returns {OneDraft} */
function blank(original, topic) {
  return {
    target: topic,
    partition: '',
    timestamp: '',
    key: original ? { kind: original.key === null ? 'none' : 'original', text: '' } : { kind: 'none', text: '' },
    value: original ? { kind: original.value === null ? 'none' : 'original', text: '' } : { kind: 'json', text: '' },
    headers: (original?.headers ?? []).map(headerDraft),
    sent: null,
  };
}

/** @param {import('../logic/record.js').Header} header @returns {HeaderDraft} */
function headerDraft({ key, value }) {
  if (value === null) {
    return { name: key, kind: 'none', text: '' };
  }
  const text = textOf(decode(value));
  // A field of one line takes no line ends, so such a value stays base64.
  // eslint-disable-next-line no-control-regex -- these are what a field does not give back
  return text !== null && !/[\u0000-\u001f]/.test(text)
    ? { name: key, kind: 'text', text }
    : { name: key, kind: 'base64', text: value };
}

/** @param {{topic: string, original?: Row, from?: string, copy?: string}} props */
function SendOne({ topic, original, from, copy = '' }) {
  const [draft, setDraft, forget] = useDraft(`send ${topic} ${copy}`, () => blank(original, topic));
  const [tried, setTried] = useState(false);
  const sender = useSender();
  const bytesOf = (/** @type {string | null | undefined} */ base64) =>
    typeof base64 === 'string' ? decode(base64) : null;
  const originals = useMemo(() => ({ key: bytesOf(original?.key), value: bytesOf(original?.value) }), [original]);
  const whole = useMemo(
    () => ({
      ...draft,
      topic: draft.target,
      key: { ...draft.key, bytes: originals.key },
      value: { ...draft.value, bytes: originals.value },
    }),
    [draft, originals],
  );
  const problems = useMemo(() => problemsOf(whole), [whole]);
  const ok = Object.keys(problems).length === 0;
  const call = useMemo(() => (ok ? callOf(whole) : null), [whole, ok]);

  /** @param {Partial<OneDraft>} changes */
  const change = (changes) => setDraft((before) => ({ ...before, ...changes }));

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setTried(true);
    if (call === null) {
      focusInvalid(event);
      return;
    }
    const sent = keyFor(draft.sent, call);
    setDraft((before) => ({ ...before, sent }));
    if (await sender.send(call, sent.key)) {
      setDraft((before) => ({ ...before, sent: null }));
    }
  }

  const isOther = draft.target !== topic;
  return html`<form class="stack" onSubmit=${submit}>
    ${
      original
        ? html`<p class="alert">
            <span>
              A copy of${' '}
              <a href=${recordHref(from ?? topic, original.partition, original.offset)}
                >${`offset ${original.offset} of partition ${original.partition}`}</a
              >${' '} of <b class="name">${from}</b>, written ${' '}<${Time} value=${original.timestamp} />. It becomes
              another record.
            </span>
          </p>`
        : null
    }
    <div class="columns send">
      <div class="panel padded stack">
        <${PartField}
          label="Key"
          which="key"
          part=${whole.key}
          onChange=${(/** @type {Part} */ key) => change({ key })}
          rows=${2}
          tried=${tried}
        />
        <${PartField}
          label="Value"
          which="value"
          part=${whole.value}
          onChange=${(/** @type {Part} */ value) => change({ value })}
          rows=${12}
          tried=${tried}
        />
        <${HeadersField}
          headers=${draft.headers}
          problems=${problems.headers ?? {}}
          onChange=${(/** @type {HeaderDraft[]} */ headers) => change({ headers })}
        />
      </div>
      <div class="stack">
        <div class="panel padded stack">
          <${Field} label="Topic" hint=${isOther ? 'Another topic than this one.' : undefined} error=${problems.topic}>
            <input
              type="text"
              autocomplete="off"
              autocapitalize="off"
              spellcheck=${false}
              value=${draft.target}
              onInput=${(/** @type {any} */ event) => change({ target: event.target.value.trim() })}
            />
          <//>
          <${Field} label="Partition" hint="Nothing: the key decides, or any." error=${problems.partition}>
            <input
              type="text"
              inputmode="numeric"
              value=${draft.partition}
              onInput=${(/** @type {any} */ event) => change({ partition: event.target.value.trim() })}
            />
          <//>
          <${Field} label="Timestamp" hint=${timestampHint(draft.timestamp)} error=${problems.timestamp}>
            <input
              type="text"
              autocomplete="off"
              placeholder="now"
              value=${draft.timestamp}
              onInput=${(/** @type {any} */ event) => change({ timestamp: event.target.value })}
            />
          <//>
          <div class="actions">
            <${Button} kind="main" type="submit" busy=${sender.busy}
              >${draft.sent !== null && sender.lost ? 'Send once more' : 'Send'}<//
            >
            <${Button}
              kind="quiet"
              onClick=${() => {
                forget();
                sender.reset();
                setTried(false);
                setDraft(blank(original, topic));
              }}
              >Begin anew<//
            >
          </div>
          <${SendState} sender=${sender} />
          <${Outcomes} topic=${draft.target} sender=${sender} />
        </div>
        <${Preview}
          call=${call}
          idempotencyKey=${call !== null && draft.sent?.body === bodyOf(call) ? draft.sent.key : null}
        />
      </div>
    </div>
  </form>`;
}

/** @param {string} text */
function timestampHint(text) {
  const { millis, problem } = readTimestamp(text);
  return problem !== null || millis === null
    ? 'Milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z. Nothing: the time of arrival.'
    : html`<${Time} value=${millis} focus=${false} />, ${new Date(millis).toISOString()}`;
}

/** @param {Event} event of a form */
function focusInvalid(event) {
  const form = /** @type {HTMLElement} */ (event.currentTarget);
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (form.querySelector('[aria-invalid="true"]'))?.focus());
}

/** @type {Record<string, string>} */
const KINDS = { none: 'none', json: 'JSON', text: 'text', base64: 'base64', hex: 'hexadecimal', original: 'as it was' };

/**
 * @param {{label: string, which: 'key' | 'value', part: Part, onChange: (part: Part) => void, rows: number, tried: boolean}} props
 */
function PartField({ label, which, part, onChange, rows, tried }) {
  const hasOriginal = part.bytes instanceof Uint8Array;
  const kinds = which === 'key' ? ['none', 'text', 'json', 'base64', 'hex'] : ['json', 'text', 'base64', 'hex', 'none'];
  // An empty field is no mistake before somebody tries to send it.
  const problem = useMemo(
    () => (part.text === '' && !tried ? null : partProblem(part, which)),
    [part.kind, part.text, tried],
  );
  const size = useMemo(
    () => (partProblem(part, which) === null ? (partBytes(part)?.length ?? null) : null),
    [part.kind, part.text, part.bytes],
  );

  /** @param {any} event */
  function onKind(event) {
    onChange({ kind: event.target.value, text: part.text });
  }

  return html`<fieldset class="part">
    <legend class="hidden">${label}</legend>
    <div class="part-head">
      <b aria-hidden="true">${label}</b>
      <${Field} label=${`Format of the ${label.toLowerCase()}`} hideLabel>
        <select value=${part.kind} onChange=${onKind}>
          ${[...(hasOriginal ? ['original'] : []), ...kinds].map(
            (kind) =>
              html`<option key=${kind} value=${kind}>
                ${kind === 'none' ? (which === 'key' ? 'no key' : 'tombstone') : KINDS[kind]}
              </option>`,
          )}
        </select>
      <//>
      ${size === null ? null : html`<span class="muted">${bytes(size)}</span>`}
    </div>
    ${
      part.kind === 'none'
        ? html`<p class="hint">
            ${
              which === 'key'
                ? 'Records without a key go to any partition.'
                : 'No value: readers take this record as the deletion of what its key stands for.'
            }
          </p>`
        : part.kind === 'original' && hasOriginal
          ? html`<${Original} bytes=${part.bytes ?? new Uint8Array()} label=${label} onEdit=${onChange} />`
          : html`<${Field} label=${label} hideLabel error=${problem}>
              <textarea
                rows=${rows}
                spellcheck=${false}
                autocapitalize="off"
                value=${part.text}
                placeholder=${PLACEHOLDERS[part.kind]}
                onInput=${(/** @type {any} */ event) => onChange({ kind: part.kind, text: event.target.value })}
              ></textarea>
            <//>`
    }
  </fieldset>`;
}

/** @type {Record<string, string>} */
const PLACEHOLDERS = { json: '{"id": 17}', text: 'any text, in UTF-8', base64: 'AAEC/w==', hex: '00 01 02 ff' };

/** Bytes that are sent as they are, until somebody edits them. @param {{bytes: Uint8Array, label: string, onEdit: (part: Part) => void}} props */
function Original({ bytes: raw, label, onEdit }) {
  const text = useMemo(() => textOf(raw), [raw]);
  const tooLarge = raw.length > MOST_EDITED;
  return html`<div class="original">
    <pre class="raw" tabindex="0" role="region" aria-label=${`${label}, as it was`}>
${
        text === null ? 'bytes that are no text' : text.slice(0, 2_000)
      }${text !== null && text.length > 2_000 ? '…' : ''}</pre>
    ${
      tooLarge
        ? html`<p class="hint">Too large to be edited here.</p>`
        : html`<div><${Button} onClick=${() => onEdit(editable(raw, text))}>Edit<//></div>`
    }
  </div>`;
}

/** @param {{headers: HeaderDraft[], problems: Record<number, string>, onChange: (headers: HeaderDraft[]) => void}} props */
function HeadersField({ headers, problems, onChange }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const added = useRef(false);
  useEffect(() => {
    if (added.current) {
      added.current = false;
      /** @type {HTMLElement | null} */ (box.current?.querySelector('.header-row:last-of-type input'))?.focus();
    }
  }, [headers.length]);
  /** @param {number} i @param {Partial<HeaderDraft>} changes */
  const change = (i, changes) => onChange(headers.map((header, at) => (at === i ? { ...header, ...changes } : header)));
  return html`<fieldset class="part" ref=${box}>
    <legend>Headers</legend>
    ${headers.map(
      (header, i) =>
        html`<div key=${i} class="header-row">
          <${Field} label=${`Name of header ${i + 1}`} hideLabel>
            <input
              type="text"
              class="mono"
              placeholder="name"
              autocomplete="off"
              autocapitalize="off"
              spellcheck=${false}
              value=${header.name}
              onInput=${(/** @type {any} */ event) => change(i, { name: event.target.value })}
            />
          <//>
          <${Field} label=${`Format of header ${i + 1}`} hideLabel>
            <select
              value=${header.kind}
              onChange=${(/** @type {any} */ event) => change(i, { kind: event.target.value })}
            >
              <option value="text">text</option>
              <option value="base64">base64</option>
              <option value="none">null</option>
            </select>
          <//>
          ${
            header.kind === 'none'
              ? html`<span class="muted">no value</span>`
              : html`<${Field} label=${`Value of header ${i + 1}`} hideLabel error=${problems[i]}>
                  <input
                    type="text"
                    class="mono"
                    placeholder="value"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck=${false}
                    value=${header.text}
                    onInput=${(/** @type {any} */ event) => change(i, { text: event.target.value })}
                  />
                <//>`
          }
          <${Button}
            kind="quiet"
            label=${`Remove header ${i + 1}`}
            onClick=${() => onChange(headers.filter((_, at) => at !== i))}
            >×<//
          >
        </div>`,
    )}
    <div>
      <${Button}
        kind="quiet"
        onClick=${() => {
          added.current = true;
          onChange([...headers, { name: '', kind: 'text', text: '' }]);
        }}
        >+ Header<//
      >
    </div>
  </fieldset>`;
}

/** @typedef {Omit<Lines, 'topic'> & {sent: {key: string, body: string} | null}} LinesDraft */

/** @param {{topic: string}} props */
function SendLines({ topic }) {
  const [draft, setDraft] = useDraft(
    `lines ${topic}`,
    () => /** @type {LinesDraft} */ ({ partition: '', kind: 'json', pointer: '', text: '', sent: null }),
  );
  const [tried, setTried] = useState(false);
  const sender = useSender();
  const result = useMemo(
    () => linesOf({ ...draft, topic }),
    [topic, draft.partition, draft.kind, draft.pointer, draft.text],
  );
  const partition = place({ topic, partition: draft.partition }).partition;
  const call = partition === undefined ? result.call : null;
  const problems =
    result.problems.length > 0 ? result.problems : tried && draft.text.trim() === '' ? ['There is no line.'] : [];

  /** @param {Partial<LinesDraft>} changes */
  const change = (changes) => setDraft((before) => ({ ...before, ...changes }));

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setTried(true);
    if (call === null) {
      focusInvalid(event);
      return;
    }
    const sent = keyFor(draft.sent, call);
    setDraft((before) => ({ ...before, sent }));
    if (await sender.send(call, sent.key)) {
      setDraft((before) => ({ ...before, sent: null }));
    }
  }

  return html`<form class="stack" onSubmit=${submit}>
    <div class="columns send">
      <div class="panel padded stack">
        <${Field}
          label="Lines"
          hint=${problems.length === 0 ? `One record a line; ${counted(result.count, 'record')}. Empty lines count for nothing.` : undefined}
          error=${
            problems.length === 0
              ? null
              : html`<ul class="plain">
                  ${problems.map((problem) => html`<li key=${problem}>${problem}</li>`)}
                </ul>`
          }
        >
          <textarea
            rows="18"
            spellcheck=${false}
            autocapitalize="off"
            placeholder=${draft.kind === 'json' ? '{"id": 17}\n{"id": 18}' : 'first\nsecond'}
            value=${draft.text}
            onInput=${(/** @type {any} */ event) => change({ text: event.target.value })}
          ></textarea>
        <//>
      </div>
      <div class="stack">
        <div class="panel padded stack">
          <${Field} label="Format">
            <select value=${draft.kind} onChange=${(/** @type {any} */ event) => change({ kind: event.target.value })}>
              <option value="json">one JSON value a line</option>
              <option value="text">text</option>
            </select>
          <//>
          ${
            draft.kind === 'json'
              ? html`<${Field} label="Pointer to the key" hint="A JSON pointer into each value. Nothing: no keys.">
                  <input
                    type="text"
                    class="mono"
                    placeholder="/id"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck=${false}
                    value=${draft.pointer}
                    onInput=${(/** @type {any} */ event) => change({ pointer: event.target.value.trim() })}
                  />
                <//>`
              : null
          }
          <${Field} label="Partition" hint="Nothing: the key decides, or any." error=${partition}>
            <input
              type="text"
              inputmode="numeric"
              value=${draft.partition}
              onInput=${(/** @type {any} */ event) => change({ partition: event.target.value.trim() })}
            />
          <//>
          <div class="actions">
            <${Button} kind="main" type="submit" busy=${sender.busy}
              >${draft.sent !== null && sender.lost ? 'Send once more' : result.count > 1 ? `Send ${count(result.count)} records` : 'Send'}<//
            >
          </div>
          <${SendState} sender=${sender} />
          <${Outcomes} topic=${topic} sender=${sender} />
        </div>
        <${Preview}
          call=${call}
          idempotencyKey=${call !== null && draft.sent?.body === bodyOf(call) ? draft.sent.key : null}
        />
      </div>
    </div>
  </form>`;
}

/** What makes a request the same one. @param {Call} call */
function bodyOf(call) {
  return `${call.path}\n${call.type}\n${call.body}`;
}

/**
 * The same request keeps its key, so that it can be repeated after a lost answer; every other one gets a key of its own.
 *
 * @param {{key: string, body: string} | null} sent
 * @param {Call} call
 */
function keyFor(sent, call) {
  const body = bodyOf(call);
  return sent !== null && sent.body === body ? sent : { key: newIdempotencyKey(), body };
}

/**
 * @typedef {object} Sender
 * @property {boolean} busy
 * @property {any} error
 * @property {boolean} lost whether nobody knows if the last request was written
 * @property {Outcome[] | null} outcomes
 * @property {boolean} replayed
 * @property {number} at when it was answered
 * @property {(call: Call, key: string) => Promise<boolean>} send resolves to whether the request has its answer
 * @property {() => void} reset
 */

/** @returns {Sender} */
function useSender() {
  const fresh = { busy: false, error: null, lost: false, outcomes: null, replayed: false, at: 0 };
  const [state, setState] = useState(/** @type {Omit<Sender, 'send' | 'reset'>} */ (fresh));
  return {
    ...state,
    reset: () => setState(fresh),
    async send(call, key) {
      setState({ ...fresh, busy: true });
      try {
        const { body, headers } = await send(call.method, call.path, {
          body: call.body,
          type: call.type,
          query: { include: 'code' },
          headers: { 'Idempotency-Key': key },
        });
        setState({
          ...fresh,
          outcomes: body.offsets,
          replayed: headers.get('Idempotency-Replayed') === 'true',
          at: Date.now(),
        });
        return true;
      } catch (error) {
        const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
        const lost = status === 0 || (status ?? 0) >= 500 || code === 'OUTCOME_UNKNOWN';
        setState({ ...fresh, error, lost });
        return false;
      }
    },
  };
}

/** @param {{sender: Sender}} props */
function SendState({ sender }) {
  if (!sender.error) {
    return null;
  }
  return html`<div class="stack">
    <${ErrorBox} error=${sender.error} />
    ${
      sender.lost
        ? html`<p class="hint" role="status">
            It may have been written. Sending it once more is safe: it has the same Idempotency-Key, so that nothing is
            written twice. A change makes it another request.
          </p>`
        : null
    }
  </div>`;
}

/** Where the records are now. @param {{topic: string, sender: Sender}} props */
function Outcomes({ topic, sender }) {
  const { outcomes, replayed, at } = sender;
  if (outcomes === null) {
    return null;
  }
  const failed = outcomes.filter(({ offset }) => offset === undefined).length;
  const written = outcomes.length - failed;
  return html`<div class="outcomes" role="status">
    <p>
      <${Badge} kind=${failed === 0 ? 'good' : written === 0 ? 'bad' : 'warn'}>${counted(written, 'record')} written<//>
      ${failed > 0 ? html`<${Badge} kind="bad">${count(failed)} refused<//>` : null}
      ${replayed ? html`<${Badge} title="The first request had been written, and its answer was lost.">had been written before<//>` : null}
      <span class="muted"> <${Time} value=${at} relative /></span>
    </p>
    <ul class="plain outcome-list" tabindex="0" role="region" aria-label="Where the records are">
      ${outcomes
        .slice(0, MOST_OUTCOMES)
        .map(
          (outcome, i) =>
            html`<li key=${i}>
              ${
                outcome.partition !== undefined && outcome.offset !== undefined
                  ? html`<a href=${recordHref(topic, outcome.partition, outcome.offset)}
                      >partition ${outcome.partition}, offset ${outcome.offset}</a
                    >`
                  : html`<span class="field-error"
                      >Record ${i + 1}: ${outcome.message} <code>${outcome.code}</code></span
                    >`
              }
            </li>`,
        )}
      ${outcomes.length > MOST_OUTCOMES ? html`<li class="muted">and ${count(outcomes.length - MOST_OUTCOMES)} more</li>` : null}
    </ul>
  </div>`;
}

/** @param {{call: Call | null, idempotencyKey: string | null}} props */
function Preview({ call, idempotencyKey }) {
  if (call === null) {
    return null;
  }
  const headers = idempotencyKey === null ? undefined : { 'Idempotency-Key': idempotencyKey };
  if (call.body.length <= MOST_SHOWN) {
    return html`<${CallPreview} call=${{ ...call, headers }} />`;
  }
  const command = curl({ ...call, body: '@body.json', headers }).replace('--data-raw', '--data-binary');
  return html`<details class="call" open>
    <summary>The HTTP call that this makes</summary>
    <div class="call-body">
      <pre><code>${command}</code></pre>
      <${Copy} text=${command} kind="quiet" />
    </div>
    <div class="call-body">
      <p class="hint">body.json has ${count(call.body.length)} characters.</p>
      <${Copy} text=${call.body} label="Copy the body" kind="quiet" />
    </div>
  </details>`;
}
