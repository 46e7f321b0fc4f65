import { Api, HttpResponse, type HTTPError, type HTTPValidationError, type Parcel, Priority } from "./sta/models.js";

const api = new Api({ baseUrl: process.argv[2]! });

// A response that is no success is thrown, with what it says as its error.
async function refusal<E>(request: Promise<unknown>): Promise<HttpResponse<unknown, E>> {
  try {
    await request;
  } catch (thrown) {
    return thrown as HttpResponse<unknown, E>;
  }
  throw new Error("not refused");
}

const { depotPost, depotRead } = api.parcels;
const created: HttpResponse<Parcel, unknown> = await depotPost({
  to: { kind: "address", street: "High Street", city: "York" },
  grams: 7,
});
console.log(created.status, created.data.priority, created.data.grams);

const refused = await refusal<HTTPValidationError>(
  depotPost({ to: { kind: "locker", number: 0, code: "4711" }, grams: 7, priority: Priority.Express, note: null }),
);
const fault = refused.error.detail[0]!;
console.log(refused.status, fault.type, fault.loc.join());

const missing = await refusal<HTTPError>(depotRead(99999));
console.log(missing.status, missing.error.detail);
