// @ts-check
/** Statements that show a record in psql. */
import { decode, textOf } from './base64.js';
import { faultOf } from './json-scan.js';

/**
 * A string literal of SQL. Backslashes stay as they are, as PostgreSQL reads them with standard_conforming_strings, the
 * default since 9.1.
 *
 * @param {string} text
 */
export function literal(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * @param {string | null} base64
 * @param {string} column
 * @param {boolean} json whether the column is shown as JSON where it is JSON
 */
function shown(base64, column, json) {
  const text = base64 === null ? null : textOf(decode(base64));
  // PostgreSQL's text has no character zero, so such a value stays what it is: bytes.
  if (text === null || text.includes('\0')) {
    return column;
  }
  const converted = `convert_from(${column}, 'UTF8')`;
  return json && faultOf(text) === null ? `${converted}::json AS ${column}` : `${converted} AS ${column}`;
}

/**
 * The statement that selects one record, for a role that may execute `trunkline.read`. It names the schema's default.
 *
 * @param {string} topic
 * @param {{partition: number, offset: number, key: string | null, value: string | null}} row
 */
export function selectRecord(topic, row) {
  return [
    `SELECT "offset", "timestamp", ${shown(row.key, 'key', false)},`,
    `       ${shown(row.value, 'value', true)},`,
    '       header_keys, header_values',
    `  FROM trunkline.read(${literal(topic)}, ${row.partition}, ${row.offset}, ${row.offset + 1});`,
  ].join('\n');
}
