// @ts-check
/** Keys without a modifier, anywhere in a view but where somebody types. */
import { useEffect, useRef } from './html.js';
import { createStore } from './store.js';

const SEQUENCE_MS = 1_500;
const SWITCH = 'trunkline.console.keys';

/** @typedef {{keys: Record<string, () => void>, help: Record<string, string>}} Binding */

/** The latest is asked first. @type {{current: Binding}[]} */
const bindings = [];

let before = '';
let beforeAt = 0;

/** Whether keys do anything: who talks to the computer may turn them off. */
export const keysOn = createStore(localStorage.getItem(SWITCH) !== 'off');
keysOn.subscribe((on) => localStorage.setItem(SWITCH, on ? 'on' : 'off'));

/**
 * Binds keys while the component is shown. A name is that of `KeyboardEvent.key`, or two with a space between them (`g t`).
 *
 * @param {Record<string, () => void>} keys
 * @param {Record<string, string>} [help] what each does, for the list that `?` shows
 */
export function useKeys(keys, help = {}) {
  const binding = useRef({ keys, help });
  binding.current = { keys, help };
  useEffect(() => {
    bindings.push(binding);
    return () => {
      bindings.splice(bindings.indexOf(binding), 1);
    };
  }, []);
}

/** @returns {{key: string, does: string}[]} what can be pressed now */
export function keyHelp() {
  /** @type {Map<string, string>} */
  const all = new Map();
  for (const binding of bindings) {
    for (const [key, does] of Object.entries(binding.current.help)) {
      all.set(key, does);
    }
  }
  return [...all].map(([key, does]) => ({ key, does }));
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)))
  );
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const typing = isTyping(event.target);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  if (typing && event.key === 'Escape' && event.target instanceof HTMLElement) {
    if (document.querySelector('dialog[open]') === null) {
      event.target.blur();
    }
    return;
  }
  if (typing || !keysOn.get() || document.querySelector('dialog[open]') !== null) {
    return;
  }
  const sequence = event.timeStamp - beforeAt < SEQUENCE_MS ? before + ' ' + event.key : '';
  before = event.key;
  beforeAt = event.timeStamp;
  const run = find(sequence) ?? find(event.key);
  // Enter and the space bar belong to whatever control has the focus.
  const takesKey = event.target instanceof Element && event.target.closest('a, button, summary, [role=tab]') !== null;
  if (run && !(takesKey && (event.key === 'Enter' || event.key === ' '))) {
    event.preventDefault();
    before = '';
    run();
  }
}

/** @param {string} key */
function find(key) {
  for (let i = bindings.length - 1; i >= 0; i--) {
    const { keys } = bindings[i].current;
    if (Object.hasOwn(keys, key)) {
      return keys[key];
    }
  }
  return undefined;
}

export function start() {
  document.addEventListener('keydown', onKey);
}
