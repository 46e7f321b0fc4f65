// Judges bodies by the schemas of an OpenAPI document. Reads {"document", "questions": [{"schema", "bodies": [text]}]}
// from the file of the first argument, and writes a list of verdicts for each question: true where the body is allowed.
const { readFileSync } = require('node:fs');
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const { document, questions } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// OpenAPI has keywords that JSON Schema does not; formats that Ajv does not know are not asserted.
const ajv = new Ajv({ strict: false, validateSchema: false, logger: false });
addFormats(ajv);
ajv.addSchema({ $id: 'document', ...document });

function verdict(allows, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return false;
  }
  return allows(body);
}

process.stdout.write(JSON.stringify(questions.map(({ schema, bodies }) => {
  const allows = ajv.compile({ $ref: `document#${schema}` });
  return bodies.map((text) => verdict(allows, text));
})));
