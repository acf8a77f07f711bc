// @ts-check
/**
 * A search through partitions of a topic: one request at a time, bounded, resumable, and honest about what it has not looked at.
 *
 * Rows of several partitions are merged by time, each partition in the order of its offsets. A row is *settled* when no
 * partition that has still to be searched can have a record before it; rows behind that may still get others between them.
 */
import { rowOf } from './record.js';

/** @typedef {import("./record.js").Row} Row */
/**
 * @typedef {object} Extent
 * @property {number} partition
 * @property {number} logStart first offset that can be read
 * @property {number} end offset of the next record
 */
/**
 * @typedef {object} PageRequest
 * @property {number} partition
 * @property {number} offset of the first record to look at
 * @property {"asc" | "desc"} order
 * @property {string} filter empty for none
 * @property {number} maxRecords
 */
/**
 * @typedef {object} Page
 * @property {Parameters<typeof rowOf>[0][]} records
 * @property {number | null} next where the next request goes on; null where nothing is left (newest first)
 * @property {number} passed records that were looked at and do not match
 */
/**
 * @typedef {object} Source Where records come from.
 * @property {(request: PageRequest, signal: AbortSignal) => Promise<Page>} page throws {@link OutOfRange} for an offset that
 *     cannot be read
 * @property {(partition: number, time: number, signal: AbortSignal) => Promise<number>} offsetAt the first offset that is not
 *     older than a time in milliseconds since 1970; the end of the partition where there is none
 * @property {(partition: number, signal: AbortSignal) => Promise<Extent>} extent
 */
/**
 * @typedef {{kind: "start"} | {kind: "offset", offset: number} | {kind: "time", time: number}} From
 */
/**
 * @typedef {"ready" | "running" | "paused" | "stopped" | "limit" | "done" | "failed"} Status paused: found what was asked for;
 *     stopped: by the reader; limit: holds as much as it may
 */
/**
 * @typedef {object} Lane A partition that is searched.
 * @property {number} partition
 * @property {number} low first offset of the range
 * @property {number} high offset behind the range
 * @property {number} position next offset to look at
 * @property {boolean} placed whether low, high and position are those of the search
 * @property {boolean} done
 * @property {number} looked records
 * @property {number} frontier sort key of the last row found
 */
/** @typedef {{key: number, lane: Lane, row: Row}} Placed */

export const MOST_ROWS = 10_000;
export const MOST_BYTES = 64 * 1024 * 1024;
const PAGE_ROWS = 500;
const MOST_NOTES = 20;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** The offset lies below the log start or beyond the end. */
export class OutOfRange extends Error {}

/** What passes by itself, so that the search waits and asks again. */
const PASSING = new Set([429, 503, 0]);

export class Search {
  /**
   * @param {object} options
   * @param {Extent[]} options.partitions
   * @param {"asc" | "desc"} options.order
   * @param {From} options.from
   * @param {string} options.filter empty for none
   * @param {Source} options.source
   * @param {() => void} [options.onChange] called when something is to be shown
   * @param {(ms: number, signal: AbortSignal) => Promise<void>} [options.sleep]
   * @param {number} [options.mostRows]
   * @param {number} [options.mostBytes]
   */
  constructor({ partitions, order, from, filter, source, onChange, sleep, mostRows, mostBytes }) {
    this.order = order;
    this.from = from;
    this.filter = filter;
    this.source = source;
    this.onChange = onChange ?? (() => {});
    this.sleep = sleep ?? pause;
    this.mostRows = mostRows ?? MOST_ROWS;
    this.mostBytes = mostBytes ?? MOST_BYTES;
    /** @type {Status} */
    this.status = 'ready';
    /** @type {any} what a failed search failed with */
    this.error = null;
    /** @type {any} what the search waits for at the moment: an error that passes */
    this.waiting = null;
    /** @type {string[]} what the reader has to know about the range, such as records that were removed */
    this.notes = [];
    this.found = 0;
    this.weight = 0;
    /** @type {Lane[]} */
    this.lanes = partitions.map((extent) => ({
      partition: extent.partition,
      low: extent.logStart,
      high: extent.end,
      position: order === 'asc' ? extent.logStart : extent.end - 1,
      placed: from.kind === 'start',
      done: extent.logStart >= extent.end,
      looked: 0,
      frontier: -Infinity,
    }));
    for (const lane of this.lanes) {
      if (from.kind === 'offset' && !lane.done) {
        this.place(lane, from.offset);
      }
    }
    /** @type {Placed[]} */
    this.merged = [];
    this.settledCount = 0;
    this.sorted = true;
    /** @type {Row[] | null} */
    this.view = null;
  }

  /** Records of the range, as far as it is known: until a time has been found in a partition, all of it count. */
  get total() {
    return this.lanes.reduce((sum, lane) => sum + Math.max(0, lane.high - lane.low), 0);
  }

  /** Records of the range that have been looked at. */
  get looked() {
    return this.lanes.reduce((sum, lane) => sum + lane.looked, 0);
  }

  /** Partitions whose place of a time is not known yet. */
  get unplaced() {
    return this.lanes.reduce((sum, lane) => sum + (lane.placed || lane.done ? 0 : 1), 0);
  }

  /** Rows in their order. The array is the same one until something was found. */
  get rows() {
    this.merge();
    this.view ??= this.merged.map((placed) => placed.row);
    return this.view;
  }

  /** How many of the rows no other record can come before. */
  get settled() {
    this.merge();
    return this.settledCount;
  }

  /** Whether there is something to go on with. */
  get resumable() {
    return this.status === 'paused' || this.status === 'stopped' || this.status === 'failed';
  }

  /**
   * Searches until so many more records are found, everything has been looked at, the limit is reached or the signal stops
   * it. What fails leaves the search as it was: it can be run again.
   *
   * @param {number} goal
   * @param {AbortSignal} signal
   */
  async run(goal, signal) {
    const target = this.progressOfGoal() + goal;
    this.error = null;
    this.change('running');
    try {
      for (;;) {
        signal.throwIfAborted();
        const lane = this.nextLane();
        if (lane === null) {
          return this.change('done');
        }
        if (this.found >= this.mostRows || this.weight >= this.mostBytes) {
          return this.change('limit');
        }
        if (this.progressOfGoal() >= target) {
          return this.change('paused');
        }
        await this.patiently(() => (lane.placed ? this.look(lane, goal, signal) : this.find(lane, signal)), signal);
        this.onChange();
      }
    } catch (error) {
      this.waiting = null;
      if (signal.aborted) {
        return this.change('stopped');
      }
      this.error = error;
      return this.change('failed');
    }
  }

  /** A filter may find nothing for long, so its rows count at once; without one, rows count when they are settled. */
  progressOfGoal() {
    return this.filter === '' ? this.settled : this.found;
  }

  /** @param {Status} status */
  change(status) {
    this.status = status;
    this.onChange();
  }

  /** @param {string} text */
  note(text) {
    if (this.notes.length < MOST_NOTES) {
      this.notes.push(text);
    }
  }

  /** The partition that is behind the others: first by time, then by the share of it that has been searched. */
  nextLane() {
    /** @type {Lane | null} */
    let best = null;
    for (const lane of this.lanes) {
      if (!lane.done && (best === null || isBehind(lane, best))) {
        best = lane;
      }
    }
    return best;
  }

  /**
   * Asks again while what failed passes by itself.
   *
   * @param {() => Promise<void>} ask
   * @param {AbortSignal} signal
   */
  async patiently(ask, signal) {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        await ask();
        this.waiting = null;
        return;
      } catch (error) {
        const status = /** @type {{status?: unknown}} */ (error).status;
        if (typeof status !== 'number' || !PASSING.has(status)) {
          throw error;
        }
        this.waiting = error;
        this.onChange();
        await this.sleep(wait, signal);
      }
    }
  }

  /**
   * @param {Lane} lane
   * @param {AbortSignal} signal
   */
  async find(lane, signal) {
    if (this.from.kind === 'time') {
      const offset = await this.source.offsetAt(lane.partition, this.from.time, signal);
      this.place(lane, this.order === 'asc' ? offset : offset - 1);
    }
  }

  /**
   * Lets a partition begin at an offset, or where it can be read nearest to it.
   *
   * @param {Lane} lane
   * @param {number} offset
   */
  place(lane, offset) {
    const asked = this.from.kind === 'offset';
    lane.placed = true;
    if (asked && offset < lane.low) {
      this.note(`Partition ${lane.partition} begins at offset ${lane.low}: what was before it has been removed.`);
    } else if (asked && offset > lane.high) {
      this.note(`Partition ${lane.partition} ends at offset ${lane.high}, before offset ${offset}.`);
    }
    if (this.order === 'asc') {
      lane.low = Math.min(Math.max(offset, lane.low), lane.high);
      lane.position = lane.low;
    } else {
      lane.high = Math.max(Math.min(offset + 1, lane.high), lane.low);
      lane.position = lane.high - 1;
    }
    lane.done = lane.low >= lane.high;
  }

  /**
   * @param {Lane} lane
   * @param {number} goal
   * @param {AbortSignal} signal
   */
  async look(lane, goal, signal) {
    const lanes = this.lanes.reduce((sum, each) => sum + (each.done ? 0 : 1), 0);
    const room = this.mostRows - this.found;
    const share = this.filter === '' ? Math.ceil((lanes === 1 ? goal : 2 * goal) / lanes) : PAGE_ROWS;
    const left = this.order === 'asc' ? lane.high - lane.position : lane.position - lane.low + 1;
    /** @type {Page} */
    let page;
    try {
      page = await this.source.page(
        {
          partition: lane.partition,
          offset: lane.position,
          order: this.order,
          filter: this.filter,
          maxRecords: Math.max(1, Math.min(share, room, left, PAGE_ROWS)),
        },
        signal,
      );
    } catch (error) {
      if (error instanceof OutOfRange) {
        return this.overtaken(lane, await this.source.extent(lane.partition, signal));
      }
      throw error;
    }
    for (const record of page.records) {
      // What was appended after the search began is not part of its range.
      if (this.order === 'desc' || record.offset < lane.high) {
        this.take(lane, rowOf(record));
      }
    }
    const next = page.next ?? (this.order === 'desc' ? lane.low - 1 : lane.high);
    if (this.order === 'asc' ? next <= lane.position : next >= lane.position) {
      // Everybody is served by going on; a search that does not move would ask for ever.
      throw new Error(`The service did not move on from offset ${lane.position} of partition ${lane.partition}.`);
    }
    if (this.order === 'asc') {
      lane.position = Math.min(next, lane.high);
      lane.looked = lane.position - lane.low;
      lane.done = lane.position >= lane.high;
    } else {
      lane.position = Math.max(next, lane.low - 1);
      lane.looked = lane.high - 1 - lane.position;
      lane.done = lane.position < lane.low;
    }
    this.sorted = false;
  }

  /**
   * Records were removed before the search came to them, or the topic is another one now.
   *
   * @param {Lane} lane
   * @param {Extent} extent
   */
  overtaken(lane, extent) {
    if (lane.position > extent.end) {
      throw new Error(
        `Partition ${lane.partition} ends at offset ${extent.end} now: the topic was deleted and created again. Search anew.`,
      );
    }
    const removedTo = Math.min(extent.logStart, lane.high);
    if (this.order === 'asc') {
      if (lane.position < removedTo) {
        this.note(removed(lane.partition, lane.position, removedTo - 1));
      }
      lane.position = Math.max(lane.position, removedTo);
      lane.looked = lane.position - lane.low;
      lane.done = lane.position >= lane.high;
    } else {
      this.note(removed(lane.partition, lane.low, lane.position));
      lane.looked = lane.high - lane.low;
      lane.position = lane.low - 1;
      lane.done = true;
    }
    this.sorted = false;
  }

  /**
   * @param {Lane} lane
   * @param {Row} row
   */
  take(lane, row) {
    // Within a partition offsets decide, so a time that goes back counts as that of the record before it.
    lane.frontier = Math.max(lane.frontier, this.order === 'asc' ? row.timestamp : -row.timestamp);
    this.merged.push({ key: lane.frontier, lane, row });
    this.found++;
    this.weight += row.weight;
    this.sorted = false;
    this.view = null;
  }

  merge() {
    if (this.sorted) {
      return;
    }
    const direction = this.order === 'asc' ? 1 : -1;
    const tail = this.merged.slice(this.settledCount);
    tail.sort(
      (a, b) => a.key - b.key || a.lane.partition - b.lane.partition || direction * (a.row.offset - b.row.offset),
    );
    this.merged.length = this.settledCount;
    for (const placed of tail) {
      this.merged.push(placed);
    }
    const open = this.lanes.filter((lane) => !lane.done);
    while (this.settledCount < this.merged.length) {
      const { key, lane } = this.merged[this.settledCount];
      if (open.some((o) => o.frontier < key || (o.frontier === key && o.partition < lane.partition))) {
        break;
      }
      this.settledCount++;
    }
    this.sorted = true;
    this.view = null;
  }
}

/**
 * @param {Lane} a
 * @param {Lane} b
 */
function isBehind(a, b) {
  if (a.placed !== b.placed) {
    return !a.placed;
  }
  if (a.frontier !== b.frontier) {
    return a.frontier < b.frontier;
  }
  return share(a) < share(b);
}

/** @param {Lane} lane */
function share(lane) {
  return lane.high > lane.low ? lane.looked / (lane.high - lane.low) : 1;
}

/**
 * @param {number} partition
 * @param {number} first
 * @param {number} last
 */
function removed(partition, first, last) {
  return `Retention, or a deletion, removed offsets ${first} to ${last} of partition ${partition} before they were searched.`;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
