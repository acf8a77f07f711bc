// @ts-check
/**
 * Preact and htm as one: `html` makes virtual elements from template literals. What is interpolated is always text or an
 * attribute's value, never markup.
 */
import htm from './lib/htm.js';
import { Component, Fragment, cloneElement, createContext, h, isValidElement, render } from './lib/preact.js';

export { useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from './lib/hooks.js';
export { Component, Fragment, cloneElement, createContext, h, isValidElement, render };

/** @typedef {import('./lib/preact.js').VNode<any>} VNode */
/** @typedef {import('./lib/preact.js').ComponentChildren} Children */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => VNode} */
export const html = /** @type {any} */ (htm.bind(/** @type {any} */ (h)));
