// @ts-check
import { pathOf, send } from '../api.js';
import { UNKNOWN, count, counted, utcTime } from '../format.js';
import { html, useMemo, useState } from '../html.js';
import { Button, ErrorBox, Field, toast } from '../ui/basic.js';
import { CallPreview, Dialog } from '../ui/dialog.js';
import { VirtualTable } from '../ui/table.js';

/**
 * @typedef {{
 *   topic: string, partition: number, committed_offset: number | null, log_start_offset: number, end_offset: number,
 *   lag: number | null, member_id: string | null,
 * }} Offset
 * @typedef {'earliest' | 'latest' | 'time' | 'offset' | 'shift'} Target
 * @typedef {{target: Target, time: string, offset: string, shift: string}} Wish
 */

/** @type {{value: Target, title: string, hint: string}[]} */
const TARGETS = [
  { value: 'earliest', title: 'Earliest', hint: 'The first record that can be read.' },
  { value: 'latest', title: 'Latest', hint: 'The end: only records that are written from now on.' },
  { value: 'time', title: 'Time', hint: 'The first record that is not older.' },
  { value: 'offset', title: 'Offset', hint: 'This offset in each chosen partition.' },
  { value: 'shift', title: 'Shift', hint: 'Back or forward by a number of records, within what can be read.' },
];

/** @param {{topic: string, partition: number}} of */
function keyOf({ topic, partition }) {
  return topic + '/' + partition;
}

/**
 * What is to be sent, or what is wrong.
 *
 * @param {Wish} wish
 * @param {Offset[]} chosen
 * @param {boolean} isAll
 * @returns {{json: any, error: null} | {json: null, error: string}}
 */
export function bodyOf(wish, chosen, isAll) {
  if (chosen.length === 0) {
    return { json: null, error: 'Choose a partition.' };
  }
  const which = isAll ? {} : { partitions: chosen.map(({ topic, partition }) => ({ topic, partition })) };
  switch (wish.target) {
    case 'earliest':
    case 'latest':
      return { json: { to: wish.target, ...which }, error: null };
    case 'time': {
      const timestamp = new Date(wish.time).getTime();
      return Number.isFinite(timestamp)
        ? { json: { timestamp, ...which }, error: null }
        : { json: null, error: 'Give a date and a time.' };
    }
    case 'offset': {
      const offset = Number(wish.offset);
      return wish.offset.trim() !== '' && Number.isSafeInteger(offset) && offset >= 0
        ? { json: { offsets: chosen.map(({ topic, partition }) => ({ topic, partition, offset })) }, error: null }
        : { json: null, error: 'A whole number, 0 or more.' };
    }
    case 'shift': {
      const shift = Number(wish.shift.replace('−', '-'));
      return Number.isSafeInteger(shift) && shift !== 0
        ? { json: { shift, ...which }, error: null }
        : { json: null, error: 'A whole number other than 0, such as −100.' };
    }
  }
}

/**
 * Moves what a group has committed: first chosen, then looked at, then done.
 *
 * @param {{group: string, offsets: Offset[], onDone: () => void, onClose: () => void}} props
 */
export function ResetDialog({ group, offsets, onDone, onClose }) {
  // The partitions of the moment when it was opened: what is chosen does not move.
  const [all] = useState(offsets);
  const [wish, setWish] = useState(/** @type {Wish} */ ({ target: 'earliest', time: '', offset: '', shift: '' }));
  const [some, setSome] = useState(/** @type {Set<string> | null} */ (null));
  const [plan, setPlan] = useState(/** @type {{json: any, offsets: any[]} | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const path = pathOf('groups', group, 'offsets');
  const chosen = some === null ? all : all.filter((each) => some.has(keyOf(each)));
  const body = bodyOf(wish, chosen, some === null);

  /** @param {() => Promise<void>} work */
  async function attempt(work) {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  }

  /** @param {Event} event */
  function preview(event) {
    event.preventDefault();
    const { json } = body;
    if (json !== null && !busy) {
      attempt(async () => {
        const response = await send('PUT', path, { json: { ...json, dry_run: true } });
        // What was shown is what is done, also by a second attempt after a lost response: a shift would move twice.
        const offsets = response.body.offsets.map((/** @type {any} */ { topic, partition, to }) => ({
          topic,
          partition,
          offset: to,
        }));
        setPlan({ json: { offsets }, offsets: response.body.offsets });
      });
    }
  }

  /** @param {Event} event */
  function reset(event) {
    event.preventDefault();
    if (plan !== null && !busy) {
      attempt(async () => {
        await send('PUT', path, { json: plan.json });
        toast('Offsets of ' + group + ' are reset.');
        onDone();
        onClose();
      });
    }
  }

  if (plan !== null) {
    return html`<${Dialog} key="plan" title="Reset offsets: look before" onClose=${onClose} wide>
      <form onSubmit=${reset}>
        <${Plan} offsets=${plan.offsets} />
        <${CallPreview} call=${{ method: 'PUT', path, json: plan.json }} />
        <${ErrorBox} error=${error} />
        <div class="dialog-actions">
          <${Button}
            onClick=${() => {
              setPlan(null);
              setError(null);
            }}
            >Back<//
          >
          <${Button} kind="main" type="submit" busy=${busy} disabled=${plan.offsets.length === 0}
            >Reset ${counted(plan.offsets.length, 'partition')}<//
          >
        </div>
      </form>
    <//>`;
  }
  return html`<${Dialog} key="wish" title="Reset offsets" onClose=${onClose} wide>
    <form onSubmit=${preview}>
      <${Targets} wish=${wish} onChange=${setWish} error=${touched(wish) ? body.error : null} />
      <${Choice} all=${all} some=${some} onChange=${setSome} />
      <${CallPreview}
        call=${body.json === null ? null : { method: 'PUT', path, json: { ...body.json, dry_run: true } }}
        open=${false}
      />
      <${ErrorBox} error=${error} />
      <div class="dialog-actions">
        <${Button} onClick=${onClose}>Cancel<//>
        <${Button} kind="main" type="submit" disabled=${body.json === null} busy=${busy}>Preview<//>
      </div>
    </form>
  <//>`;
}

/** @param {Wish} wish */
function touched(wish) {
  const typed = { earliest: 'x', latest: 'x', time: wish.time, offset: wish.offset, shift: wish.shift }[wish.target];
  return typed !== '' && typed !== '-';
}

/** @param {{wish: Wish, onChange: (wish: Wish) => void, error: string | null}} props */
function Targets({ wish, onChange, error }) {
  const target = TARGETS.find((each) => each.value === wish.target) ?? TARGETS[0];
  const set = (/** @type {keyof Wish} */ name) => (/** @type {any} */ event) =>
    onChange({ ...wish, [name]: event.target.value });
  const time = new Date(wish.time).getTime();
  return html`<fieldset>
      <legend>To</legend>
      <div class="choices">
        ${TARGETS.map(
          (each) =>
            html`<label key=${each.value} class="check">
              <input
                type="radio"
                name="target"
                value=${each.value}
                checked=${each.value === wish.target}
                onChange=${set('target')}
              />
              <span>${each.title}</span>
            </label>`,
        )}
      </div>
      <p class="hint">${target.hint}</p>
    </fieldset>
    ${
      wish.target === 'time'
        ? html`<${Field} label="Time in your zone" hint=${Number.isFinite(time) ? utcTime(time) : null} error=${error}>
            <input type="datetime-local" step="1" value=${wish.time} onInput=${set('time')} />
          <//>`
        : null
    }
    ${
      wish.target === 'offset'
        ? html`<${Field} label="Offset" error=${error}>
            <input type="text" inputmode="numeric" autocomplete="off" value=${wish.offset} onInput=${set('offset')} />
          <//>`
        : null
    }
    ${
      wish.target === 'shift'
        ? html`<${Field} label="Records" hint="−100 reads the last 100 again; 100 skips 100." error=${error}>
            <input type="text" autocomplete="off" value=${wish.shift} onInput=${set('shift')} />
          <//>`
        : null
    }`;
}

/**
 * All partitions, or some.
 *
 * @param {{all: Offset[], some: Set<string> | null, onChange: (some: Set<string> | null) => void}} props
 */
function Choice({ all, some, onChange }) {
  const topics = useMemo(() => [...new Set(all.map((each) => each.topic))], [all]);

  /** @param {Offset[]} which @param {boolean} isChosen */
  function choose(which, isChosen) {
    const next = new Set(some);
    for (const each of which) {
      if (isChosen) {
        next.add(keyOf(each));
      } else {
        next.delete(keyOf(each));
      }
    }
    onChange(next);
  }

  const columns = [
    {
      name: 'chosen',
      title: 'Chosen',
      width: '4rem',
      render: (/** @type {Offset} */ each) =>
        html`<input
          type="checkbox"
          aria-label=${each.topic + ' partition ' + each.partition}
          checked=${some?.has(keyOf(each))}
          onClick=${(/** @type {Event} */ event) => {
            event.stopPropagation(); // or selecting the row would take the mark back before it is noted
            choose([each], !some?.has(keyOf(each)));
          }}
        />`,
    },
    { name: 'topic', title: 'Topic', width: 'minmax(8rem, 2fr)', render: (/** @type {Offset} */ each) => each.topic },
    {
      name: 'partition',
      title: 'Partition',
      align: 'right',
      width: '5rem',
      render: (/** @type {Offset} */ each) => each.partition,
    },
    {
      name: 'committed',
      title: 'Committed',
      align: 'right',
      width: 'minmax(6rem, 1fr)',
      render: (/** @type {Offset} */ each) => count(each.committed_offset),
    },
  ];
  return html`<fieldset>
    <legend>Of</legend>
    <div class="choices">
      <label class="check">
        <input type="radio" name="scope" checked=${some === null} onChange=${() => onChange(null)} />
        <span>all ${counted(all.length, 'partition')}</span>
      </label>
      <label class="check">
        <input type="radio" name="scope" checked=${some !== null} onChange=${() => onChange(new Set())} />
        <span>some</span>
      </label>
    </div>
    ${
      some === null
        ? null
        : html`<div class="stack">
            ${
              topics.length > 1
                ? html`<div class="choices">
                    ${topics.map((topic) => {
                      const which = all.filter((each) => each.topic === topic);
                      return html`<label key=${topic} class="check">
                        <input
                          type="checkbox"
                          checked=${which.every((each) => some.has(keyOf(each)))}
                          onChange=${(/** @type {any} */ event) => choose(which, event.target.checked)}
                        />
                        <span class="name">all of ${topic}</span>
                      </label>`;
                    })}
                  </div>`
                : null
            }
            <${VirtualTable}
              label="Partitions to reset"
              columns=${columns}
              rows=${all}
              rowKey=${keyOf}
              height="30vh"
              keys=${false}
              onOpen=${(/** @type {Offset} */ each) => choose([each], !some.has(keyOf(each)))}
            />
            <p class="hint" role="status">${counted(some.size, 'partition')} chosen. Enter chooses the selected row.</p>
          </div>`
    }
  </fieldset>`;
}

/** @param {{offsets: any[]}} props what a dry run has found */
function Plan({ offsets }) {
  const moves = offsets.map((each) => (each.from === null ? null : each.to - each.from));
  const known = moves.filter((move) => move !== null);
  const again = known.reduce((sum, move) => sum + Math.max(0, -move), 0);
  const skipped = known.reduce((sum, move) => sum + Math.max(0, move), 0);
  const columns = [
    {
      name: 'topic',
      title: 'Topic',
      width: 'minmax(8rem, 2fr)',
      render: (/** @type {any} */ each) => html`<span title=${each.topic}>${each.topic}</span>`,
    },
    {
      name: 'partition',
      title: 'Partition',
      align: 'right',
      width: '4.5rem',
      render: (/** @type {any} */ each) => each.partition,
    },
    {
      name: 'from',
      title: 'From',
      align: 'right',
      width: 'minmax(5rem, 1fr)',
      render: (/** @type {any} */ each) => count(each.from),
    },
    {
      name: 'to',
      title: 'To',
      align: 'right',
      width: 'minmax(5rem, 1fr)',
      render: (/** @type {any} */ each) =>
        html`<strong class=${isOutside(each) ? 'bad' : ''}>${count(each.to)}</strong>`,
    },
    {
      name: 'move',
      title: 'Moves by',
      align: 'right',
      width: 'minmax(5.5rem, 1fr)',
      render: (/** @type {any} */ each) => moved(each),
    },
    {
      name: 'lag',
      title: 'Lag then',
      align: 'right',
      width: 'minmax(5rem, 1fr)',
      wide: true,
      render: (/** @type {any} */ each) => count(Math.max(0, each.end_offset - each.to)),
    },
  ];
  const words = ['Nothing is changed yet.'];
  if (again > 0) {
    words.push(counted(again, 'record') + ' would be read again.');
  }
  if (skipped > 0) {
    words.push(counted(skipped, 'record') + ' would be skipped.');
  }
  if (again === 0 && skipped === 0 && known.length > 0) {
    words.push('No committed offset would move.');
  }
  const outside = offsets.filter(isOutside).length;
  return html`<p class="text">${words.join(' ')}</p>
    ${
      outside > 0
        ? html`<p class="warning" role="alert">
            In ${counted(outside, 'partition')}, there is no record at this offset, nor is it the end. A consumer begins
            where its own setting (auto.offset.reset) says.
          </p>`
        : null
    }
    <${VirtualTable}
      label="From and to"
      columns=${columns}
      rows=${offsets}
      rowKey=${keyOf}
      height="40vh"
      keys=${false}
      empty="No partitions."
    />`;
}

/** @param {{to: number, log_start_offset: number, end_offset: number}} offset */
function isOutside({ to, log_start_offset: start, end_offset: end }) {
  return to < start || to > end;
}

/** @param {{from: number | null, to: number}} offset */
function moved({ from, to }) {
  if (from === null) {
    return html`<span class="unknown">${UNKNOWN}</span>`;
  }
  const by = to - from;
  return by === 0 ? html`<span class="muted">0</span>` : (by > 0 ? '+' : '−') + count(Math.abs(by));
}
