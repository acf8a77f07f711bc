// @ts-check
/** All of one record: what it is, what it holds, how to get it elsewhere. */
import { curl, pathOf } from '../api.js';
import { Time, bytes, counted } from '../format.js';
import { html, useMemo, useState } from '../html.js';
import { decode, encode, textOf } from '../logic/base64.js';
import { faultOf } from '../logic/json-scan.js';
import { base64Within, bytesOf, cloudEventOf, headerValue, preview, sizeOfRow } from '../logic/record.js';
import { selectRecord } from '../logic/sql.js';
import { url } from '../router.js';
import { Badge, Button, Copy, Empty, Tabs } from '../ui/basic.js';
import { Hex } from '../ui/hex.js';
import { JsonTree } from '../ui/json.js';
import { recordsPath } from './record-source.js';

/** @typedef {import('../logic/record.js').Row} Row */

/** Characters of a text that are shown at once; a browser lays out a megabyte slowly. */
const TEXT_AT_ONCE = 20_000;
/** Characters of a JSON text that are shown as a tree at most. */
const MOST_TREE = 4 * 1024 * 1024;

/**
 * @typedef {object} Content A key or value, decoded.
 * @property {Uint8Array} bytes
 * @property {string | null} text null where it is no UTF-8
 * @property {boolean} isJson
 * @property {string | null} fault why it is no JSON, where it looks as if it should be
 * @property {Uint8Array | null} nested what it is base64 of
 */

/**
 * @param {Uint8Array} raw
 * @returns {Content}
 */
export function contentOf(raw) {
  const text = textOf(raw);
  const fault = text === null ? null : faultOf(text);
  const isJson = text !== null && fault === null;
  const looksLikeJson = text !== null && /^\s*[{[]/.test(text);
  return {
    bytes: raw,
    text,
    isJson,
    fault: fault !== null && looksLikeJson ? `line ${fault.line}, column ${fault.column}: ${fault.message}` : null,
    nested: text === null ? null : base64Within(text),
  };
}

/** @param {string | null} base64 @returns {Content | null} */
function contentOfPart(base64) {
  return base64 === null ? null : contentOf(decode(base64));
}

/**
 * @param {{topic: string, row: Row, writes: boolean, onClose: () => void}} props
 */
export function RecordPanel({ topic, row, writes, onClose }) {
  const [tab, setTab] = useState('value');
  const value = useMemo(() => contentOfPart(row.value), [row]);
  const key = useMemo(() => contentOfPart(row.key), [row]);
  const event = useMemo(() => {
    const json =
      value?.isJson && value.text !== null && value.text.length <= MOST_TREE ? JSON.parse(value.text) : undefined;
    return cloudEventOf(row, json);
  }, [row]);
  const tabs = [
    { name: 'value', title: 'Value' },
    { name: 'key', title: 'Key' },
    { name: 'headers', title: `Headers ${row.headers.length}` },
    ...(event === null ? [] : [{ name: 'event', title: 'CloudEvent' }]),
    { name: 'code', title: 'curl, SQL' },
  ];
  const shown = tabs.some(({ name }) => name === tab) ? tab : 'value';
  return html`<section class="panel record" aria-label=${`Record ${row.offset} of partition ${row.partition}`}>
    <div class="panel-head">
      <h2>
        Partition ${row.partition}, offset ${row.offset}
        ${row.value === null ? html`<${Badge} kind="warn">tombstone<//>` : null}
        ${event === null ? null : html`<${Badge} kind="accent" title=${`in ${event.mode} mode`}>CloudEvent<//>`}
        ${value?.nested ? html`<${Badge}>base64<//>` : null}
      </h2>
      <span class="actions">
        ${
          writes
            ? html`<${Button}
                href=${url(['topics', topic, 'send'], { copy: `${topic}:${row.partition}:${row.offset}` })}
                >Send again<//
              >`
            : null
        }
        <${Button} kind="quiet" label="Close the record" title="Close (Escape)" onClick=${onClose}>×<//>
      </span>
    </div>
    <div class="panel-body">
      <dl class="facts">
        <dt>Time</dt>
        <dd><${Time} value=${row.timestamp} /> <span class="muted">${row.timestamp} ms</span></dd>
        <dt>Key</dt>
        <dd><${Part} base64=${row.key} none="no key" /></dd>
        <dt>Size</dt>
        <dd>
          ${bytes(sizeOfRow(row))}${' '}
          <span class="muted">
            ${`(key ${bytes(bytesOf(row.key))}, value ${bytes(bytesOf(row.value))}, ${counted(row.headers.length, 'header')})`}
          </span>
        </dd>
      </dl>
      <${Tabs} label="Parts of the record" tabs=${tabs} selected=${shown} onSelect=${setTab} />
      <div class="record-part" key=${row.id + shown}>
        ${shown === 'value' ? html`<${ContentView} content=${value} none="A tombstone: the record has no value." label="Value" />` : null}
        ${shown === 'key' ? html`<${ContentView} content=${key} none="The record has no key." label="Key" />` : null}
        ${shown === 'headers' ? html`<${Headers} row=${row} />` : null}
        ${shown === 'event' && event !== null ? html`<${Attributes} attributes=${event.attributes} mode=${event.mode} />` : null}
        ${shown === 'code' ? html`<${Code} topic=${topic} row=${row} keyContent=${key} value=${value} />` : null}
      </div>
    </div>
  </section>`;
}

/**
 * A key or a value in a line.
 *
 * @param {{base64: string | null, none: string, characters?: number}} props
 */
export function Part({ base64, none, characters }) {
  const { kind, text, cut } = preview(base64, characters);
  if (kind === 'none') {
    return html`<span class="muted">${none}</span>`;
  }
  if (kind === 'empty') {
    return html`<span class="muted">empty</span>`;
  }
  const title = kind === 'bytes' ? 'Bytes that are no text, in hexadecimal' : undefined;
  return html`<code class=${kind === 'bytes' ? 'muted' : ''} title=${title}
    >${kind === 'bytes' ? '0x ' : ''}${text}${cut ? '…' : ''}</code
  >`;
}

/** @param {{content: Content | null, none: string, label: string}} props */
function ContentView({ content, none, label }) {
  const [chosen, setChosen] = useState('');
  if (content === null) {
    return html`<${Empty} title=${none} />`;
  }
  const { text, nested } = content;
  const isTree = content.isJson && text !== null && text.length <= MOST_TREE;
  const ways = [
    ...(isTree ? [{ name: 'json', title: 'JSON' }] : []),
    ...(text === null ? [] : [{ name: 'text', title: 'Text' }]),
    { name: 'hex', title: 'Hex' },
    ...(nested === null ? [] : [{ name: 'nested', title: 'Base64 decoded' }]),
  ];
  const way = ways.some(({ name }) => name === chosen) ? chosen : ways[0].name;
  return html`<div class="stack">
    <div class="toolbar">
      <div class="actions" role="group" aria-label=${`How the ${label.toLowerCase()} is shown`}>
        ${ways.map(
          ({ name, title }) =>
            html`<${Button} key=${name} pressed=${name === way} onClick=${() => setChosen(name)}>${title}<//>`,
        )}
      </div>
      <${Copy}
        kind="quiet"
        text=${() => text ?? encode(content.bytes)}
        label=${text === null ? 'Copy as base64' : 'Copy'}
      />
    </div>
    ${content.fault === null ? null : html`<p class="hint">Not valid JSON, ${content.fault}.</p>`}
    ${content.bytes.length === 0 ? html`<p class="hint">No bytes: empty, which is not the same as missing.</p>` : null}
    ${way === 'json' && text !== null ? html`<${JsonTree} text=${text} />` : null}
    ${way === 'text' && text !== null ? html`<${LongText} text=${text} label=${label} />` : null}
    ${way === 'hex' ? html`<${Hex} bytes=${content.bytes} label=${`${label}, bytes`} />` : null}
    ${way === 'nested' && nested !== null ? html`<${Nested} bytes=${nested} />` : null}
  </div>`;
}

/** @param {{bytes: Uint8Array}} props */
function Nested({ bytes: raw }) {
  const content = useMemo(() => ({ ...contentOf(raw), nested: null }), [raw]);
  return html`<${ContentView} content=${content} none="" label="Decoded" />`;
}

/** A text of any length, of which the beginning is shown. @param {{text: string, label: string}} props */
function LongText({ text, label }) {
  const [most, setMost] = useState(TEXT_AT_ONCE);
  const rest = text.length - most;
  return html`<div class="long-text">
    <pre class="raw" tabindex="0" role="region" aria-label=${label}>${text.slice(0, most)}</pre>
    ${
      rest > 0
        ? html`<${Button} kind="quiet" onClick=${() => setMost(most + 10 * TEXT_AT_ONCE)}
            >${rest.toLocaleString('en')} more characters<//
          >`
        : null
    }
  </div>`;
}

/** @param {{row: Row}} props */
function Headers({ row }) {
  if (row.headers.length === 0) {
    return html`<${Empty} title="The record has no headers." />`;
  }
  return html`<dl class="facts headers">
    ${row.headers.map((header, i) => {
      const value = headerValue(header);
      return html`<dt key=${`name ${i}`} class="name mono">
          ${header.key === '' ? html`<span class="muted">no name</span>` : header.key}
        </dt>
        <dd key=${`value ${i}`}><${HeaderValue} value=${value} base64=${header.value} /></dd>`;
    })}
  </dl>`;
}

/** @param {{value: {text: string | null, bytes: Uint8Array} | null, base64: string | null}} props */
function HeaderValue({ value, base64 }) {
  const [hex, setHex] = useState(false);
  if (value === null) {
    return html`<span class="muted">null</span>`;
  }
  const isText = value.text !== null;
  return html`<span class="header-value">
    ${hex ? html`<${Hex} bytes=${value.bytes} label="Value of the header" />` : html`<${Part} base64=${base64} none="" characters=${2_000} />`}
    ${
      isText && value.bytes.length > 0
        ? html`<${Button} kind="quiet" pressed=${hex} onClick=${() => setHex(!hex)}>Hex<//>`
        : null
    }
    <${Copy} kind="quiet" text=${value.text ?? base64 ?? ''} label=${isText ? 'Copy' : 'Copy as base64'} />
  </span>`;
}

/** @param {{attributes: [string, string][], mode: string}} props */
function Attributes({ attributes, mode }) {
  return html`<div class="stack">
    <p class="hint">
      In ${mode} mode:
      ${mode === 'binary' ? 'its attributes are headers, its data are the value.' : 'the value is the whole event.'}
    </p>
    <dl class="facts">
      ${attributes.map(
        ([name, value]) =>
          html`<dt key=${'name ' + name} class="mono name">${name}</dt>
            <dd key=${'value ' + name}>${value}</dd>`,
      )}
    </dl>
  </div>`;
}

/** @param {{topic: string, row: Row, keyContent: Content | null, value: Content | null}} props */
function Code({ topic, row, keyContent, value }) {
  const isIn = (/** @type {(content: Content) => boolean} */ test) =>
    [keyContent, value].every((part) => part === null || test(part));
  const format = isIn((part) => part.isJson) ? 'json' : isIn((part) => part.text !== null) ? 'text' : 'binary';
  const command = curl({
    path: recordsPath(topic, row.partition),
    query: { offset: row.offset, max_records: 1 },
    accept: `application/vnd.kafka.${format}.v2+json`,
  });
  const statement = useMemo(() => selectRecord(topic, row), [topic, row]);
  return html`<div class="stack">
    <${Snippet} title="This record by curl" text=${command} />
    <${Snippet} title="This record in psql" text=${statement} />
    <p class="hint">
      The role needs USAGE on the schema trunkline and EXECUTE on trunkline.read. The schema has another name where
      trunkline.database.schema gives it one. <a href=${pathOf('openapi')} target="_blank" rel="noopener">The API</a>
    </p>
  </div>`;
}

/** @param {{title: string, text: string}} props */
export function Snippet({ title, text }) {
  return html`<div class="snippet">
    <div class="snippet-head"><span>${title}</span><${Copy} text=${text} kind="quiet" /></div>
    <pre tabindex="0" role="region" aria-label=${title}><code>${text}</code></pre>
  </div>`;
}
