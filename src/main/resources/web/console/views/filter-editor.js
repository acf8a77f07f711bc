// @ts-check
/** Filters by form or as they are written; either way they are the text that the service gets. */
import { html, useEffect, useRef, useState } from '../html.js';
import { MOST_TERMS, format, parse, readRow, rowOfTerm } from '../logic/filter.js';
import { Button, Field } from '../ui/basic.js';

/** @typedef {import('../logic/filter.js').FormRow} FormRow */
/** @typedef {{text: string, problem: string | null}} FilterDraft what stands in the editor, and what is wrong with it */

/** @type {FormRow} */
const NEW = { part: 'value', place: '', test: '=', kind: 'text', literal: '' };
const WORDS = ['true', 'false', 'null'];

/**
 * @param {FormRow[]} rows
 * @returns {FilterDraft}
 */
function draftOf(rows) {
  const terms = [];
  for (const row of rows) {
    const { term, place, literal } = readRow(row);
    if (term === null) {
      return { text: '', problem: place ?? literal };
    }
    terms.push(term);
  }
  return { text: format(terms), problem: null };
}

/**
 * @param {string} text
 * @returns {FilterDraft}
 */
export function typedDraft(text) {
  const { problem } = parse(text);
  return { text, problem: problem === null ? null : `At character ${problem.at}: ${problem.message}.` };
}

/**
 * @param {{value: string, onChange: (draft: FilterDraft) => void, shown: boolean}} props `value` is the filter at the
 *   beginning; give the editor another key for another one. `shown` says whether problems are told.
 */
export function FilterEditor({ value, onChange, shown }) {
  const first = parse(value);
  const [typing, setTyping] = useState(first.terms === null);
  const [text, setText] = useState(value);
  const [rows, setRows] = useState(/** @type {FormRow[]} */ ((first.terms ?? []).map(rowOfTerm)));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const added = useRef(false);

  useEffect(() => {
    if (added.current) {
      added.current = false;
      /** @type {HTMLElement | null} */ (box.current?.querySelector('.filter-row:last-of-type select'))?.focus();
    }
  }, [rows.length]);

  /** @param {FormRow[]} next */
  function change(next) {
    setRows(next);
    onChange(draftOf(next));
  }

  function add() {
    added.current = true;
    change([...rows, NEW]);
  }

  /** @param {string} next */
  function type(next) {
    setText(next);
    onChange(typedDraft(next));
  }

  function toggle() {
    if (typing) {
      change((parse(text).terms ?? []).map(rowOfTerm));
    } else {
      type(draftOf(rows).text);
    }
    setTyping(!typing);
  }

  const typed = typedDraft(text);
  const toForm = typed.problem === null;
  return html`<fieldset class="filter" ref=${box}>
    <legend class="hidden">Filter</legend>
    ${
      typing
        ? html`<${Field}
            label="Filter"
            hint=${html`Such as <code>header.type = "created" and value.customer.country = "DE"</code>`}
            error=${shown ? typed.problem : null}
          >
            <input
              type="search"
              class="mono"
              autocomplete="off"
              autocapitalize="off"
              spellcheck=${false}
              value=${text}
              onInput=${(/** @type {any} */ event) => type(event.target.value)}
            />
          <//>`
        : rows.map(
            (row, i) =>
              html`<${Row}
                key=${i}
                row=${row}
                shown=${shown}
                number=${i + 1}
                onChange=${(/** @type {FormRow} */ next) => change(rows.map((each, at) => (at === i ? next : each)))}
                onRemove=${() => change(rows.filter((_, at) => at !== i))}
              />`,
          )
    }
    <div class="actions">
      ${
        typing || rows.length >= MOST_TERMS
          ? null
          : html`<${Button} kind="quiet" onClick=${add}>${rows.length === 0 ? '+ Filter' : '+ And'}<//>`
      }
      <${Button} kind="quiet" disabled=${typing && !toForm} onClick=${toggle}>
        ${typing ? 'Use the form' : rows.length === 0 ? 'Type a filter' : 'Edit as text'}
      <//>
    </div>
  </fieldset>`;
}

/** @param {{row: FormRow, shown: boolean, number: number, onChange: (row: FormRow) => void, onRemove: () => void}} props */
function Row({ row, shown, number, onChange, onRemove }) {
  const problems = readRow(row);
  const compares = row.test === '=' && row.part === 'value';
  /** @param {keyof FormRow} name */
  const input = (name) => (/** @type {any} */ event) => onChange({ ...row, [name]: event.target.value });
  /** @param {any} event */
  function onKind(event) {
    const kind = event.target.value;
    onChange({ ...row, kind, literal: kind === 'word' ? 'true' : WORDS.includes(row.literal) ? '' : row.literal });
  }
  return html`<div class="filter-row">
    <${Field} label=${`What condition ${number} looks at`} hideLabel>
      <select value=${row.part} onChange=${input('part')}>
        <option value="value">JSON value</option>
        <option value="key">Key</option>
        <option value="header">Header</option>
      </select>
    <//>
    ${
      row.part === 'key'
        ? null
        : html`<${Field}
            label=${row.part === 'header' ? `Name of the header in condition ${number}` : `Path in the value in condition ${number}`}
            hideLabel
            error=${shown ? problems.place : null}
          >
            <input
              type="text"
              class="mono"
              placeholder=${row.part === 'header' ? 'type' : 'customer.country'}
              autocomplete="off"
              autocapitalize="off"
              spellcheck=${false}
              value=${row.place}
              onInput=${input('place')}
            />
          <//>`
    }
    <${Field} label=${`Test of condition ${number}`} hideLabel>
      <select value=${row.test} onChange=${input('test')}>
        <option value="=">is</option>
        <option value="^=">begins with</option>
        <option value="exists">exists</option>
      </select>
    <//>
    ${
      compares
        ? html`<${Field} label=${`Kind of the value in condition ${number}`} hideLabel>
            <select value=${row.kind} onChange=${onKind}>
              <option value="text">text</option>
              <option value="number">number</option>
              <option value="word">true, false, null</option>
            </select>
          <//>`
        : null
    }
    ${
      row.test === 'exists'
        ? null
        : html`<${Field} label=${`Value in condition ${number}`} hideLabel error=${shown ? problems.literal : null}>
            ${
              compares && row.kind === 'word'
                ? html`<select value=${row.literal} onChange=${input('literal')}>
                    ${WORDS.map((word) => html`<option key=${word} value=${word}>${word}</option>`)}
                  </select>`
                : html`<input
                    type="text"
                    class="mono"
                    placeholder=${compares && row.kind === 'number' ? '10' : 'text'}
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck=${false}
                    value=${row.literal}
                    onInput=${input('literal')}
                  />`
            }
          <//>`
    }
    <${Button} kind="quiet" label=${`Remove condition ${number}`} onClick=${onRemove}>×<//>
  </div>`;
}
