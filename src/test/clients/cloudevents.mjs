// Sends events with npm's CloudEvents SDK in each mode, and reads them back: node cloudevents.mjs SERVICE TOPIC
//
// Prints "ok COUNT" when each event is as it was sent in each of the three ways to read it: as a batch, from the stream, and as a
// client of Kafka finds it. Otherwise it ends with another status than 0 and says what differs.
import assert from "node:assert/strict";
import { CloudEvent, HTTP, Kafka } from "cloudevents";
import { EventSource } from "eventsource";

const [service, topic] = process.argv.slice(2);
if (!URL.canParse(service) || !topic) {
  console.error("usage: node cloudevents.mjs SERVICE TOPIC");
  process.exit(2);
}
const url = `${service}/topics/${topic}`;
const bytes = Buffer.from([0, 1, 127, 128, 254, 255, 0, 10]);

const kinds = {
  json: { datacontenttype: "application/json", data: { total: 12.5, items: ["ä", "☃", null, true], nested: { empty: {} } } },
  array: { datacontenttype: "application/json", data: [1, 2, 3] },
  text: { datacontenttype: "text/plain", data: "Grüße, 世界\nand a second line" },
  binary: { datacontenttype: "application/octet-stream", data: bytes },
  none: {},
};

/** An event of each kind with all attributes. Those of a kind have the same key in every mode. */
function events(mode, more) {
  return Object.entries(kinds).map(([kind, data], i) => new CloudEvent({
    id: `${mode}-${kind}`,
    source: "/shop/south-side?till=7&day=1#a",
    type: "org.example.order.placed",
    subject: `orders/${i}`,
    time: `2026-01-31T12:00:0${i}.123Z`,
    dataschema: "https://example.org/schemas/order",
    partitionkey: `customer-${i}`,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ...data,
    ...more,
  }));
}

async function send({ headers, body }) {
  const response = await fetch(url, { method: "POST", headers, body });
  assert.equal(response.status, 202, await response.text());
}

/** What a client reads in an event, whatever the way it came. */
function content(event) {
  const { data, data_base64: base64, ...attributes } = event.toJSON();
  return {
    ...attributes,
    ...(base64 === undefined ? { data } : { bytes: Buffer.from(base64, "base64").toString("hex") }),
  };
}

function sameEvents(actual, expected, where) {
  assert.deepEqual(actual.map((event) => event.id).sort(), [...expected.keys()].sort(), where);
  for (const event of actual) {
    assert.deepEqual(content(event), content(expected.get(event.id)), `${where}: ${event.id}`);
  }
}

async function read(partition, accept) {
  const response = await fetch(`${url}/partitions/${partition}/records?offset=0`, { headers: { accept } });
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return { headers: Object.fromEntries(response.headers), body };
}

function fromStream(count) {
  const source = new EventSource(`${url}/records?format=cloudevents`);
  return new Promise((resolve, reject) => {
    const got = [];
    source.addEventListener("message", ({ data }) => {
      try {
        got.push(HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: data }));
      } catch (e) {
        reject(e);
      }
      if (got.length === count) {
        resolve(got);
      }
    });
    source.addEventListener("error", (event) => reject(new Error(event.data ?? event.message)));
  }).finally(() => source.close());
}

/** A record as a client of Kafka hands it to the SDK. */
function fromKafka(record) {
  const text = (base64) => Buffer.from(base64, "base64").toString();
  const headers = Object.fromEntries(record.headers.map(({ key, value }) => [key, text(value)]));
  const structured = headers["content-type"].startsWith("application/cloudevents");
  const isText = structured || /json|text/.test(headers["content-type"]);
  const value = record.value === null ? null : isText ? text(record.value) : Buffer.from(record.value, "base64");
  return Kafka.toEvent({ key: text(record.key), headers, value, body: value });
}

const sent = new Map();
const all = (list) => list.forEach((event) => sent.set(event.id, event));

const binary = events("binary");
for (const event of binary) {
  await send(HTTP.binary(event));
}
// The SDK sends JSON as the type of an event that has none.
all(binary.map((event) => event.datacontenttype ? event : event.cloneWith({ datacontenttype: "application/json; charset=utf-8" })));
// Attributes in JSON may hold any text, and extensions may be numbers and truth values.
const inJson = { subject: "Straße ☃ 世界", sequence: 17, urgent: true };
const structured = events("structured", inJson);
for (const event of structured) {
  await send(HTTP.structured(event));
}
all(structured);
const batch = events("batch", inJson);
await send({ headers: { "content-type": "application/cloudevents-batch+json" }, body: JSON.stringify(batch) });
all(batch);

const count = sent.size;
const batches = [];
const records = [];
const { partitions } = await (await fetch(url)).json();
for (const { partition } of partitions) {
  const some = HTTP.toEvent(await read(partition, "application/cloudevents-batch+json"));
  batches.push(...some);
  records.push(...JSON.parse((await read(partition, "application/vnd.kafka.binary.v2+json")).body));
}
sameEvents(batches, sent, "batch");
sameEvents(await fromStream(count), sent, "stream");
// The SDK refuses records without a value, which an event in binary mode without data is.
const withoutValue = records.filter(({ value }) => value === null);
assert.equal(withoutValue.length, 1);
sent.delete("binary-none");
sameEvents(records.filter(({ value }) => value !== null).map(fromKafka), sent, "Kafka");
console.log(`ok ${count}`);
