// imapflow in the benchmarks of the engine: what benchmarks.engine.contend does for others.
//
// Arguments: the folder where it is installed, the row, "imapflow", the way, the task as JSON.

import {
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";

const [folder, row, , way, json] = process.argv.slice(2);
const { ImapFlow } = createRequire(path.join(folder, "here.js"))("imapflow");
const task = JSON.parse(json);
// Numbers of commands; only for "large" it counts octets.
const numbers = [...Array(row === "large" ? 0 : task.count).keys()];
const byUid = { uid: true };
const small = { uid: true, flags: true, internalDate: true, size: true };

const client = new ImapFlow({
  host: "localhost",
  port: task.port,
  secure: false,
  doSTARTTLS: false,
  auth: { user: task.user, pass: task.password },
  logger: false,
  disableAutoIdle: true,
});

const check = (fact) => {
  if (!fact) throw new Error("not what was expected");
};

const ask = {
  noop: () => client.noop(),
  status: async (number) => {
    const found = await client.status(`M${number % 20}`, { messages: true });
    check(found.messages === 0);
  },
  fetch: async (number) => {
    check((await client.fetchOne(`${number + 1}`, small, byUid)).size);
  },
};

const askAll = async () => {
  if (way === "at once") return Promise.all(numbers.map(ask[row]));
  for (const number of numbers) await ask[row](number);
};

const store = async () => {
  const mark = (uid) => client.messageFlagsAdd(`${uid}`, ["\\Flagged"], byUid);
  const uids = [];
  for await (const message of client.fetch("1:*", { flags: true, source: true }, byUid)) {
    if (way === "inside the loop") await mark(message.uid);
    uids.push(message.uid);
  }
  check(uids.length === task.count);
  if (way !== "inside the loop") for (const uid of uids) await mark(uid);
};

const line = "As ever, nothing new; that is all there is to tell.\r\n".repeat(20);
const message = (number) =>
  `From: Joe <joe@example.org>\r\nTo: ann@example.org\r\nSubject: Number ${number}\r\n` +
  `Date: Mon, 7 Feb 2022 21:52:25 -0800\r\nMessage-ID: <${number}@example.org>\r\n\r\n${line}`;
const append = async () => {
  for (const number of numbers) check((await client.append("M0", message(number))).uid);
};

const large = async () => {
  const target = path.join(mkdtempSync(path.join(tmpdir(), "large")), "message");
  const { content } = await client.download("1", undefined, byUid);
  await pipeline(content, createWriteStream(target));
  check(statSync(target).size >= task.count);
  rmSync(path.dirname(target), { recursive: true });
};

const fetchAll = (query) => async () => {
  check((await client.fetchAll("1:*", query, byUid)).length === task.count);
};

const cancel = async (start) => {
  const wanted = way === "at the first message" ? 1 : Math.floor(task.count / 5);
  let found = 0;
  for await (const message of client.fetch("1:*", small, byUid)) {
    if (++found < wanted) continue;
    start();
    break;
  }
  await client.noop();
};

const memory = (which) => {
  const found = readFileSync("/proc/self/status", "utf8").match(new RegExp(`${which}:\\s+(\\d+)`));
  return Number(found[1]) * 1024;
};

const measured = async (work) => {
  let cpu, resident, received, begin;
  const start = () => {
    cpu = process.cpuUsage();
    resident = memory("VmRSS");
    received = client.stats().received;
    writeFileSync("/proc/self/clear_refs", "5");
    begin = performance.now();
  };
  start();
  await work(start);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds,
    cpu: (user + system) / 1e6,
    memory: memory("VmHWM") - resident,
    octets: client.stats().received - received,
  };
};

await client.connect();
const reading = ["fetch", "cancel", "large", "large-fetch", "bodies"];
if (reading.includes(row)) await client.mailboxOpen("INBOX", { readOnly: true });
if (row === "store") await client.mailboxOpen("INBOX");
const work =
  {
    append,
    cancel,
    large,
    store,
    "large-fetch": fetchAll(small),
    bodies: fetchAll({ uid: true, source: true }),
  }[row] ?? askAll;
console.log(JSON.stringify(await measured(work)));
await client.logout();
