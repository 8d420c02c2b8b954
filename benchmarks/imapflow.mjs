// imapflow in the parsing benchmark: what it costs, what it found. See clients.py.
//
// Arguments: the folder where it is installed, the set, the port, the last UID of the warm-up.

import { createRequire } from "node:module";
import path from "node:path";

const [folder, name, port, warmUp] = process.argv.slice(2);
const { ImapFlow } = createRequire(path.join(folder, "here.js"))("imapflow");

const queries = {
  flags: { uid: true, flags: true, internalDate: true, size: true },
  envelope: { uid: true, flags: true, envelope: true },
  structure: { uid: true, bodyStructure: true },
  bodies: { uid: true, source: true },
};

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const add = (sums, key, number) => (sums[key] = (sums[key] ?? 0) + number);
const characters = (text) => [...(text ?? "")].length;

const checks = {
  flags(sums, message) {
    add(sums, "flags", message.flags.size);
    add(sums, "dates", message.internalDate.getTime() / 1000);
    add(sums, "size", message.size);
  },
  envelope(sums, { flags, envelope }) {
    add(sums, "flags", flags.size);
    add(sums, "subject", characters(envelope.subject));
    add(sums, "dates", envelope.date ? envelope.date.getTime() / 1000 : 0);
    add(sums, "ids", characters(envelope.messageId) + characters(envelope.inReplyTo));
    for (const field of ["from", "sender", "replyTo", "to", "cc", "bcc"]) {
      for (const person of envelope[field] ?? []) {
        if (!person.address) continue; // the begin of a group
        add(sums, "addresses", 1);
        add(sums, "names", characters(person.name));
        add(sums, "emails", characters(person.address));
      }
    }
  },
  structure(sums, message) {
    const walk = (part) => {
      if (part.childNodes) return part.childNodes.forEach(walk);
      add(sums, "leaves", 1);
      add(sums, "octets", part.size);
      add(sums, "charsets", characters(part.parameters?.charset));
      const filename = part.dispositionParameters?.filename ?? part.parameters?.name;
      add(sums, "filenames", characters(filename));
    };
    walk(message.bodyStructure);
  },
  bodies(sums, message) {
    add(sums, "octets", message.source.length);
  },
};

const client = new ImapFlow({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  doSTARTTLS: false,
  auth: { user: "joe", pass: "secret" },
  logger: false,
  disableAutoIdle: true,
});
await client.connect();
await client.mailboxOpen(name, { readOnly: true });
await client.fetchAll(`1:${warmUp}`, queries[name], { uid: true });
const begin = seconds();
const messages = await client.fetchAll("1:*", queries[name], { uid: true });
const spent = seconds() - begin;
await client.logout();

const sums = { messages: messages.length };
for (const message of messages) checks[name](sums, message);
console.log(JSON.stringify({ seconds: spent, sums }));
