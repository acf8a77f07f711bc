import htm from './lib/htm.js';
import { h, render } from './lib/preact.js';

const html = htm.bind(h);

render(html`<h1>Trunkline</h1>`, document.getElementById('app'));
