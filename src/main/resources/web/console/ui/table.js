// @ts-check
import { html, useEffect, useMemo, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { newId } from './basic.js';
import { useVirtual } from './virtual.js';

/**
 * @typedef {{
 *   name: string, title: string, render: (row: any) => any, sort?: boolean, align?: 'left' | 'right', width?: string,
 *   wide?: boolean, first?: 'asc' | 'desc',
 * }} Column `width` is a track of a CSS grid; `wide` columns are not shown on telephones; `first` is the order that the first
 *   press of the title gives
 * @typedef {{name: string, order: 'asc' | 'desc'}} Sort
 */

const ROW = matchMedia('(pointer: coarse)').matches ? 44 : 34;

/**
 * Rows of any number, of which those in sight are elements. With the keyboard: j and k or the arrows move the selection,
 * Home and End go to the ends, Page Up and Page Down by what is in sight, Enter opens.
 *
 * @param {{
 *   label: string, columns: Column[], rows: any[], rowKey: (row: any) => string | number,
 *   selected?: string | number | null, onSelect?: (key: any, row: any) => void, onOpen?: (row: any) => void,
 *   sort?: Sort, onSort?: (name: string, order: 'asc' | 'desc') => void, height?: string, empty?: any, keys?: boolean,
 *   rowClass?: (row: any) => string,
 * }} props `selected` is the key of a row; the table keeps it itself where it is left out. `height` is a CSS length that the
 *   table does not exceed. `keys: false` for further tables of a view: its keys work with the focus only.
 */
export function VirtualTable(props) {
  const { label, columns, rows, rowKey, onSelect, onOpen, sort, onSort, height = '70vh', empty, keys = true } = props;
  const id = useMemo(newId, []);
  const [own, setOwn] = useState(/** @type {string | number | null} */ (null));
  const selected = props.selected === undefined ? own : props.selected;
  const index = useMemo(
    () => (selected === null ? -1 : rows.findIndex((row) => rowKey(row) === selected)),
    [rows, selected],
  );
  const virtual = useVirtual({ count: rows.length, rowHeight: ROW, headHeight: ROW });

  /** @param {number} to */
  function select(to) {
    if (rows.length > 0) {
      const at = Math.max(0, Math.min(rows.length - 1, to));
      setOwn(rowKey(rows[at]));
      onSelect?.(rowKey(rows[at]), rows[at]);
      virtual.reveal(at);
    }
  }

  function open() {
    if (index >= 0) {
      onOpen?.(rows[index]);
    }
  }

  useEffect(() => {
    if (index >= 0) {
      virtual.reveal(index);
    }
  }, [selected]);

  const global = keys && rows.length > 0;
  /** @type {Record<string, () => void>} */
  const bound = global ? { j: () => select(index + 1), k: () => select(index < 0 ? 0 : index - 1) } : {};
  if (global && index >= 0 && onOpen) {
    bound.Enter = open;
  }
  useKeys(bound, global ? { j: 'next row', k: 'previous row', ...(onOpen ? { Enter: 'open the row' } : {}) } : {});

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowDown: () => select(index + 1),
      ArrowUp: () => select(index < 0 ? 0 : index - 1),
      j: () => select(index + 1),
      k: () => select(index < 0 ? 0 : index - 1),
      Home: () => select(0),
      End: () => select(rows.length - 1),
      PageDown: () => select(index + virtual.page),
      PageUp: () => select(index - virtual.page),
      Enter: open,
    };
    if (Object.hasOwn(moves, event.key)) {
      event.preventDefault();
      moves[event.key]();
    }
  }

  if (rows.length === 0) {
    return html`<div class="table-empty">${empty}</div>`;
  }

  const style = {
    maxHeight: height,
    '--row': ROW + 'px',
    '--tracks': columns.map(track).join(' '),
    '--tracks-narrow': columns
      .filter((column) => !column.wide)
      .map(track)
      .join(' '),
  };
  const shown = rows.slice(virtual.first, virtual.end);
  const active = index >= virtual.first && index < virtual.end ? id + '-' + index : undefined;
  return html`<div
    class="table"
    role="grid"
    aria-label=${label}
    aria-rowcount=${rows.length + 1}
    aria-colcount=${columns.length}
    aria-activedescendant=${active}
    tabindex="0"
    style=${style}
    ref=${virtual.ref}
    onScroll=${virtual.onScroll}
    onKeyDown=${onKeyDown}
  >
    <div class="table-head" role="rowgroup">
      <div class="table-row" role="row" aria-rowindex="1">
        ${columns.map((column) => html`<${Head} key=${column.name} column=${column} sort=${sort} onSort=${onSort} />`)}
      </div>
    </div>
    <div class="table-body" role="rowgroup" style=${{ height: virtual.height + 'px' }}>
      ${shown.map((row, i) => {
        const at = virtual.first + i;
        const key = rowKey(row);
        return html`<div
          key=${key}
          id=${id + '-' + at}
          class=${'table-row ' + (props.rowClass?.(row) ?? '')}
          role="row"
          aria-rowindex=${at + 2}
          aria-selected=${at === index}
          style=${{ transform: 'translateY(' + at * ROW + 'px)' }}
          onClick=${() => select(at)}
          onDblClick=${() => onOpen?.(row)}
        >
          ${columns.map(
            (column) =>
              html`<div key=${column.name} role="gridcell" class=${cellClass(column)}>${column.render(row)}</div>`,
          )}
        </div>`;
      })}
    </div>
  </div>`;
}

/** @param {Column} column */
function track(column) {
  return column.width ?? 'minmax(6rem, 1fr)';
}

/** @param {Column} column */
function cellClass(column) {
  return 'cell' + (column.align === 'right' ? ' right' : '') + (column.wide ? ' wide' : '');
}

/** @param {{column: Column, sort?: Sort, onSort?: (name: string, order: 'asc' | 'desc') => void}} props */
function Head({ column, sort, onSort }) {
  const order = sort?.name === column.name ? sort.order : undefined;
  if (!column.sort || !onSort) {
    return html`<div role="columnheader" class=${cellClass(column)}>${column.title}</div>`;
  }
  const next = order === undefined ? (column.first ?? 'asc') : order === 'asc' ? 'desc' : 'asc';
  const sorted = order === undefined ? 'none' : order === 'asc' ? 'ascending' : 'descending';
  return html`<div role="columnheader" class=${cellClass(column)} aria-sort=${sorted}>
    <button type="button" class="sort" onClick=${() => onSort(column.name, next)}>
      <span>${column.title}</span
      ><span class="sort-mark" aria-hidden="true">${order === undefined ? '↕' : order === 'asc' ? '↑' : '↓'}</span>
    </button>
  </div>`;
}
