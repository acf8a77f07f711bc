// @ts-check
import { html } from '../html.js';
import { useVirtual } from './virtual.js';

const WIDTH = 16;
const LINE = 20;

/**
 * Bytes as a hex dump, of any length: only the lines in sight are elements.
 *
 * @param {{bytes: Uint8Array, label?: string}} props
 */
export function Hex({ bytes, label = 'Bytes' }) {
  const count = Math.ceil(bytes.length / WIDTH);
  const virtual = useVirtual({ count, rowHeight: LINE });
  if (count === 0) {
    return html`<p class="hint">No bytes.</p>`;
  }
  const lines = [];
  for (let i = virtual.first; i < virtual.end; i++) {
    lines.push(
      html`<div key=${i} class="hex-line" style=${{ transform: 'translateY(' + i * LINE + 'px)' }}>
        ${line(bytes, i * WIDTH)}
      </div>`,
    );
  }
  return html`<div
    class="hex"
    role="region"
    aria-label=${label}
    tabindex="0"
    ref=${virtual.ref}
    onScroll=${virtual.onScroll}
  >
    <div class="hex-body" style=${{ height: virtual.height + 'px' }}>${lines}</div>
  </div>`;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @returns {string}
 */
function line(bytes, from) {
  let hex = '';
  let text = '';
  for (let i = from; i < from + WIDTH; i++) {
    if (i < bytes.length) {
      hex += bytes[i].toString(16).padStart(2, '0') + ' ';
      text += bytes[i] >= 0x20 && bytes[i] < 0x7f ? String.fromCharCode(bytes[i]) : '·';
    } else {
      hex += '   ';
    }
    if (i - from === WIDTH / 2 - 1) {
      hex += ' ';
    }
  }
  return from.toString(16).padStart(8, '0') + '  ' + hex + ' ' + text;
}
