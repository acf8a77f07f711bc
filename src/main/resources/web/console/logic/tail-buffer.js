// @ts-check
/** What a live tail holds: the newest records, within bounds, and what came while it was paused. */

/** @typedef {import("./record.js").Row} Row */

const RATE_SECONDS = 10;

export class TailBuffer {
  /**
   * @param {{mostRows?: number, mostBytes?: number}} [limits] of what is shown and what is held back, each
   */
  constructor({ mostRows = 5_000, mostBytes = 32 * 1024 * 1024 } = {}) {
    this.mostRows = mostRows;
    this.mostBytes = mostBytes;
    this.paused = false;
    this.shown = new Bounded(mostRows, mostBytes);
    this.held = new Bounded(mostRows, mostBytes);
    /** Records that came, in all. */
    this.received = 0;
    /** Records that came while the tail was paused and had to go before anybody saw them. */
    this.missed = 0;
    /** @type {Map<number, number>} records by second since 1970 */
    this.perSecond = new Map();
  }

  /**
   * @param {Row} row
   * @param {number} now milliseconds since 1970
   */
  push(row, now) {
    this.received++;
    const second = Math.floor(now / 1000);
    this.perSecond.set(second, (this.perSecond.get(second) ?? 0) + 1);
    for (const old of this.perSecond.keys()) {
      if (old > second - RATE_SECONDS - 1) {
        break;
      }
      this.perSecond.delete(old);
    }
    if (this.paused) {
      this.missed += this.held.push(row);
    } else {
      this.shown.push(row);
    }
  }

  pause() {
    this.paused = true;
  }

  /** Shows what came meanwhile. */
  resume() {
    this.paused = false;
    for (const row of this.held.rows()) {
      this.shown.push(row);
    }
    this.held = new Bounded(this.mostRows, this.mostBytes);
  }

  /** Forgets what is shown, and nothing that is held back. */
  clear() {
    this.shown = new Bounded(this.mostRows, this.mostBytes);
    this.missed = 0;
  }

  /** What is shown, newest first. The array is another one each time. */
  rows() {
    return this.shown.rows().reverse();
  }

  /** Records that were shown and had to go for newer ones. */
  get gone() {
    return this.shown.dropped;
  }

  /**
   * Records a second over the last ten whole seconds.
   *
   * @param {number} now milliseconds since 1970
   */
  rate(now) {
    const second = Math.floor(now / 1000);
    let sum = 0;
    for (const [at, count] of this.perSecond) {
      if (at < second && at >= second - RATE_SECONDS) {
        sum += count;
      }
    }
    return sum / RATE_SECONDS;
  }
}

/** A queue that drops its oldest rows when it holds too many or too much. */
class Bounded {
  /**
   * @param {number} mostRows
   * @param {number} mostBytes
   */
  constructor(mostRows, mostBytes) {
    this.mostRows = mostRows;
    this.mostBytes = mostBytes;
    /** @type {Row[]} */
    this.queue = [];
    this.first = 0;
    this.weight = 0;
    this.dropped = 0;
  }

  get size() {
    return this.queue.length - this.first;
  }

  /**
   * @param {Row} row
   * @returns {number} how many rows had to go; the newest one stays, however large it is
   */
  push(row) {
    this.queue.push(row);
    this.weight += row.weight;
    let gone = 0;
    while (this.size > 1 && (this.size > this.mostRows || this.weight > this.mostBytes)) {
      this.weight -= this.queue[this.first].weight;
      this.first++;
      gone++;
    }
    if (this.first > this.mostRows || this.first > this.queue.length / 2) {
      this.queue = this.queue.slice(this.first);
      this.first = 0;
    }
    this.dropped += gone;
    return gone;
  }

  rows() {
    return this.queue.slice(this.first);
  }
}
