// @ts-check
import { html } from '../html.js';
import { useKeys } from '../keys.js';
import { navigate, url } from '../router.js';
import { may } from '../session.js';
import { Tabs } from './basic.js';

/**
 * The views of one topic, without those that the reader may not use; r, t and s lead there.
 *
 * @param {{topic: string, selected: 'topic' | 'records' | 'tail' | 'send', session: import('../session.js').Session | null}}
 *   props the session with the rights on the topic
 */
export function TopicNav({ topic, selected, session }) {
  const reads = may(session, 'topic', 'read', topic);
  const writes = may(session, 'topic', 'write', topic);
  const tabs = [{ name: 'topic', title: 'Topic', href: url(['topics', topic]) }];
  /** @type {Record<string, () => void>} */
  const keys = {};
  /** @type {Record<string, string>} */
  const help = {};
  /** @param {string} key @param {string} view @param {string} title */
  function add(key, view, title) {
    const href = url(['topics', topic, view]);
    tabs.push({ name: view, title, href });
    if (view !== selected) {
      keys[key] = () => navigate(href);
      help[key] = title.toLowerCase() + ' of this topic';
    }
  }
  if (reads) {
    add('r', 'records', 'Records');
    add('t', 'tail', 'Live tail');
  }
  if (writes) {
    add('s', 'send', 'Send');
  }
  useKeys(keys, help);
  return html`<${Tabs} label="Views of the topic" tabs=${tabs} selected=${selected} />`;
}
