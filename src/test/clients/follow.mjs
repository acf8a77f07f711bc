// Follows a stream with npm's EventSource: node follow.mjs URL COUNT
//
// Prints a line for each thing that happens:
//   open                                  the service has begun a response with the stream
//   record PARTITION OFFSET
//   overtaken PARTITION EXPECTED ACTUAL   records were removed before this client got them
//   recreated                             the topic is another one of the same name
//   error CODE                            the service says why it ends the stream
//   refused STATUS                        a response other than 200: the package gives up, and this script opens the stream again
//   lost                                  the connection broke, and the package connects again
// It ends after COUNT records, and after an error that would come again.
import { EventSource } from "eventsource";

const [url, count] = [process.argv[2], Number(process.argv[3])];
if (!URL.canParse(url) || !Number.isSafeInteger(count) || count < 1) {
  console.error("usage: node follow.mjs URL COUNT");
  process.exit(2);
}

// Errors after which the same request succeeds later.
const passing = ["REPLICA_STOPPING", "OVERLOADED", "DATABASE_UNAVAILABLE"];
const pause = 100;
let last = "";
let records = 0;

function open() {
  const from = new URL(url);
  if (last) {
    from.searchParams.set("cursor", last);
  }
  const source = new EventSource(from);
  // The package, unlike browsers, gives an event the id that stands in it and no earlier one; the service gives each event its own.
  const on = (name, react) => source.addEventListener(name, (event) => {
    last = event.lastEventId || last;
    react(event.data);
  });
  const end = () => {
    source.close();
    process.stdin.destroy();
  };

  source.addEventListener("open", () => console.log("open"));
  on("message", (data) => {
    const { partition, offset } = JSON.parse(data);
    console.log(`record ${partition} ${offset}`);
    if (++records === count) {
      end();
    }
  });
  on("overtaken", (data) => {
    const { partition, expected, actual } = JSON.parse(data);
    console.log(`overtaken ${partition} ${expected} ${actual}`);
  });
  on("recreated", () => console.log("recreated"));
  // The package calls onerror for what it finds itself, and only listeners for the service's event of this name.
  source.addEventListener("error", (event) => {
    if (event.data) {
      const { code } = JSON.parse(event.data);
      console.log(`error ${code}`);
      if (!passing.includes(code)) {
        end();
      }
    } else if (source.readyState === EventSource.CLOSED) {
      console.log(`refused ${event.code}`);
      setTimeout(open, pause);
    } else {
      console.log("lost");
    }
  });
}

// Standard input ends when the test has ended, even when it was killed.
process.stdin.on("end", () => process.exit(3)).resume();
open();
