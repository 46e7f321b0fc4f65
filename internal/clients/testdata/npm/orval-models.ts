import { depotPost, depotRead } from "./orval/models.js";

// The client asks for paths of the host that it came from.
const send = globalThis.fetch;
globalThis.fetch = (path, init) => send(new URL(String(path), process.argv[2]!), init);

const created = await depotPost({ to: { kind: "address", street: "High Street", city: "York" }, grams: 7 });
if (created.status !== 201) throw created;
console.log(created.status, created.data.priority, created.data.grams);

const refused = await depotPost({
  to: { kind: "locker", number: 0, code: "4711" },
  grams: 7,
  priority: "express",
  note: null,
});
if (refused.status !== 422) throw refused;
const fault = refused.data.detail[0]!;
console.log(refused.status, fault.type, fault.loc.join());

const missing = await depotRead(99999);
if (missing.status !== 404) throw missing;
console.log(missing.status, missing.data.detail);
