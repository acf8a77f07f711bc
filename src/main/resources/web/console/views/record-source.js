// @ts-check
/** Records of a topic out of the public API, in the binary format: whatever bytes they are. */
import { ApiError, get, pathOf } from '../api.js';
import { rowOf } from '../logic/record.js';
import { OutOfRange } from '../logic/search.js';

/** @typedef {import('../logic/record.js').Row} Row */
/** @typedef {import('../logic/search.js').Extent} Extent */
/** @typedef {import('../logic/search.js').Source} Source */

export const BINARY = 'application/vnd.kafka.binary.v2+json';

/** @param {string} topic @param {number} partition */
export function recordsPath(topic, partition) {
  return pathOf('topics', topic, 'partitions', partition, 'records');
}

/**
 * @param {Headers} headers
 * @param {string} name
 * @returns {number | null}
 */
function numberIn(headers, name) {
  const text = headers.get(name);
  return text === null || !/^[0-9]+$/.test(text) ? null : Number(text);
}

/**
 * @param {string} topic
 * @returns {Source}
 */
export function sourceOf(topic) {
  return {
    async page({ partition, offset, order, filter, maxRecords }, signal) {
      const query = { offset, order: order === 'desc' ? 'desc' : null, filter, max_records: maxRecords };
      try {
        const { body, headers } = await get(recordsPath(topic, partition), { accept: BINARY, query, signal });
        const last = body.at(-1)?.offset ?? null;
        const next = numberIn(headers, 'Trunkline-Next-Offset') ?? (order === 'asc' && last !== null ? last + 1 : null);
        return { records: body, next, passed: numberIn(headers, 'Trunkline-Passed-Records') ?? 0 };
      } catch (error) {
        throw error instanceof ApiError && error.code === 'OFFSET_OUT_OF_RANGE' ? new OutOfRange(error.message) : error;
      }
    },
    async offsetAt(partition, time, signal) {
      const query = { timestamp: Math.max(0, time), max_records: 1 };
      const { body, headers } = await get(recordsPath(topic, partition), { accept: BINARY, query, signal });
      const end = numberIn(headers, 'Trunkline-Next-Offset') ?? numberIn(headers, 'Trunkline-End-Offset');
      const offset = body[0]?.offset ?? end;
      return offset ?? (await extentOf(topic, partition, signal)).end;
    },
    extent: (partition, signal) => extentOf(topic, partition, signal),
  };
}

/**
 * @param {string} topic
 * @param {number} partition
 * @param {AbortSignal} [signal]
 * @returns {Promise<Extent>}
 */
async function extentOf(topic, partition, signal) {
  const { body } = await get(pathOf('topics', topic, 'partitions', partition, 'offsets'), { signal });
  return { partition, logStart: body.beginning_offset, end: body.end_offset };
}

/**
 * Where the partitions of a topic begin and end now.
 *
 * @param {string} topic
 * @param {AbortSignal} signal
 * @returns {Promise<Extent[]>}
 */
export async function extentsOf(topic, signal) {
  const { body } = await get(pathOf('topics', topic), { query: { include: 'offsets' }, signal });
  const extents = [];
  for (const { partition, log_start_offset: logStart, end_offset: end } of body.partitions) {
    const known = typeof logStart === 'number' && typeof end === 'number';
    extents.push(known ? { partition, logStart, end } : await extentOf(topic, partition, signal));
  }
  return extents;
}

/**
 * One record.
 *
 * @param {string} topic
 * @param {number} partition
 * @param {number} offset
 * @param {AbortSignal} [signal]
 * @returns {Promise<Row>}
 * @throws {ApiError} with the code OFFSET_OUT_OF_RANGE, also where the offset is that of the next record
 */
export async function recordAt(topic, partition, offset, signal) {
  const query = { offset, max_records: 1 };
  const { body } = await get(recordsPath(topic, partition), { accept: BINARY, query, signal });
  if (body[0]?.offset !== offset) {
    throw new ApiError(416, 'OFFSET_OUT_OF_RANGE', `Partition ${partition} has no record at offset ${offset}.`);
  }
  return rowOf(body[0]);
}
