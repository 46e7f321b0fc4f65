// Judges values and forms by an OpenAPI document. The first line of the input is the document, each other a question:
// {"schema", "bodies": [JSON]} or {"form", "contentType", "bodies": [base64]}, both with a pointer. For each it writes a
// line, the list of its verdicts: true where the document allows the body, null where it says nothing of it.
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;
const { readForm } = require('./form.cjs');

// asRequested is a document for judging requests: what only responses have is ignored there, whatever it is, and refused
// by an object that takes no others.
function asRequested(part) {
  if (part === null || typeof part !== 'object') return part;
  if (Array.isArray(part)) return part.map(asRequested);
  const copy = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, asRequested(value)]));
  for (const [name, member] of Object.entries(copy.properties ?? {})) {
    if (member.readOnly === true) copy.properties[name] = copy.additionalProperties !== false;
  }
  return copy;
}

// judgeOf makes the functions that judge by one document. Each schema is compiled once.
function judgeOf(document) {
  // OpenAPI has keywords that JSON Schema does not; formats that Ajv does not know are not asserted.
  const ajv = new Ajv({ strict: false, validateSchema: false, logger: false });
  addFormats(ajv);
  ajv.addSchema({ $id: 'document', ...asRequested(document) });
  const compiled = new Map();
  const allows = (pointer, value) => {
    if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `document#${pointer}` }));
    return compiled.get(pointer)(value);
  };
  return {
    value(pointer, text) {
      let value;
      try {
        value = JSON.parse(text);
      } catch {
        return false;
      }
      return allows(pointer, value);
    },
    form(pointer, contentType, body) {
      const read = readForm(document, allows, pointer, contentType, Buffer.from(body, 'base64'));
      if (read.isRefused) return false;
      return read.isOpen ? null : allows(`${pointer}/schema`, read.object);
    },
  };
}

let judge;
function take(line) {
  const asked = JSON.parse(line);
  if (!judge) {
    judge = judgeOf(asked);
    return;
  }
  const { schema, form, contentType, bodies } = asked;
  const verdicts = bodies.map((body) => (form ? judge.form(form, contentType, body) : judge.value(schema, body)));
  process.stdout.write(`${JSON.stringify(verdicts)}\n`);
}

// Lines are put together once they have come: node:readline looks through all of a line again with each chunk of it, and
// lines have megabytes.
let chunks = [];
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = chunk.split('\n');
  for (const end of lines.slice(0, -1)) {
    take([...chunks, end].join(''));
    chunks = [];
  }
  chunks.push(lines.at(-1));
});
