// @ts-check
/** A stream of records that outlives connections: it goes on behind the last event that it has. */

/**
 * @typedef {'connecting' | 'open' | 'reconnecting' | 'ended'} State
 * @typedef {{code: string, message: string}} Reason
 * @typedef {{kind: 'overtaken' | 'recreated' | 'gap', text: string}} Notice
 */
/** @typedef {Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>} Events */

/** Reasons after which the same request succeeds later. */
const PASSING = ['REPLICA_STOPPING', 'OVERLOADED', 'DATABASE_UNAVAILABLE', 'QUOTA_EXCEEDED', 'TOO_MANY_ATTEMPTS'];
const CLOSED = 2;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

export class TailStream {
  /**
   * @param {object} options
   * @param {(cursor: string | null) => string} options.url the stream's, behind a cursor where there is one
   * @param {(url: string) => Events} options.open
   * @param {() => Promise<any>} options.probe fails as the stream does, but says why: an EventSource does not
   * @param {(record: any) => void} options.onRecord
   * @param {(notice: Notice) => void} options.onNotice
   * @param {() => void} options.onState
   * @param {number} [options.firstWaitMs] before the first try to connect again, where the browser does not do it
   */
  constructor({ url, open, probe, onRecord, onNotice, onState, firstWaitMs = FIRST_WAIT_MS }) {
    this.firstWaitMs = firstWaitMs;
    this.url = url;
    this.openSource = open;
    this.probe = probe;
    this.onRecord = onRecord;
    this.onNotice = onNotice;
    this.onState = onState;
    /** @type {State} */
    this.state = 'connecting';
    /** @type {Reason | null} why it does not stream at the moment, as far as it is known */
    this.reason = null;
    /** @type {string | null} */
    this.cursor = null;
    this.wait = firstWaitMs;
    this.wasOpen = false;
    /** @type {Events | null} */
    this.source = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    if (this.wasOpen && this.cursor === null) {
      this.onNotice({
        kind: 'gap',
        text: 'The connection was lost before the first record: some may be missing here.',
      });
    }
    const source = this.openSource(this.url(this.cursor));
    this.source = source;
    source.addEventListener('open', () => {
      this.wait = this.firstWaitMs;
      this.wasOpen = true;
      this.change('open', null);
    });
    this.on(source, 'message', (data) => this.onRecord(data));
    this.on(source, 'overtaken', ({ partition, expected, actual }) => {
      const text = `Offsets ${expected} to ${actual - 1} of partition ${partition} were removed before they came here.`;
      this.onNotice({ kind: 'overtaken', text });
    });
    this.on(source, 'recreated', () => {
      this.onNotice({
        kind: 'recreated',
        text: 'The topic was deleted and created again: what follows is the new one.',
      });
    });
    source.addEventListener('error', (event) => {
      if (this.source === source) {
        this.failed(source, /** @type {MessageEvent} */ (event).data);
      }
    });
  }

  /** Ends the stream for good. */
  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.state = 'ended';
  }

  /**
   * @param {Events} source
   * @param {string} name
   * @param {(data: any) => void} react
   */
  on(source, name, react) {
    source.addEventListener(name, (event) => {
      const { data, lastEventId } = /** @type {MessageEvent} */ (event);
      if (this.source === source) {
        this.cursor = lastEventId || this.cursor;
        react(JSON.parse(data));
      }
    });
  }

  /**
   * @param {Events} source
   * @param {string | undefined} data what the service says; undefined where the connection was lost
   */
  failed(source, data) {
    if (data !== undefined) {
      const error = JSON.parse(data);
      if (PASSING.includes(error.code)) {
        this.change('reconnecting', error); // the browser connects again by itself
      } else {
        this.end(source, error);
      }
    } else if (source.readyState === CLOSED) {
      // The browser gives up after a response other than 200.
      this.source = null;
      this.change('reconnecting', this.reason);
      this.probe().then(
        () => this.later(),
        (error) => (isFinal(error) ? this.end(source, error) : this.later(error)),
      );
    } else {
      this.change('reconnecting', this.reason);
    }
  }

  /** @param {any} [error] */
  later(error) {
    if (this.state !== 'ended') {
      this.change('reconnecting', error ?? null);
      this.timer = setTimeout(() => this.start(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    }
  }

  /**
   * @param {Events} source
   * @param {Reason} reason
   */
  end(source, reason) {
    source.close();
    this.source = null;
    this.change('ended', reason);
  }

  /**
   * @param {State} state
   * @param {Reason | null} reason
   */
  change(state, reason) {
    if (this.state !== 'ended') {
      this.state = state;
      this.reason = reason;
      this.onState();
    }
  }
}

/** Whether asking again is of no use. @param {any} error */
function isFinal(error) {
  return typeof error?.status === 'number' && error.status >= 400 && error.status < 500 && error.status !== 429;
}
