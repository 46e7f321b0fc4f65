// Takes the body of a form apart by what an OpenAPI document says of it: the schema, and the encoding of each property.
// A document does not say how a number is written, or what an input is that was left empty. For the first there are
// only the usual notations here, and everything else is left open; for the second there are the rules of docs/forms.md.

// find follows a pointer and then references. It returns the pointer at which the thing stands, and the thing.
function find(document, pointer) {
  const step = (at, token) => at?.[token.replaceAll('~1', '/').replaceAll('~0', '~')];
  let at = pointer.split('/').slice(1).reduce(step, document);
  for (; at?.$ref; at = pointer.split('/').slice(1).reduce(step, document)) pointer = at.$ref.slice(1);
  return { pointer, at: at ?? {} };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// textOf reads bytes, each a character of a string, as UTF-8; undefined where they are none.
function textOf(bytes) {
  try {
    return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

// unescaped undoes the escapes of a pair; undefined where one of them is malformed.
function unescaped(text) {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  return textOf(text.replaceAll('+', ' ').replace(/%../g, (escape) => String.fromCharCode(parseInt(escape.slice(1), 16))));
}

function pairsOf(body) {
  return body.split('&').filter((pair) => pair !== '').map((pair) => {
    const [name, ...rest] = pair.split('=');
    return { name: unescaped(name) ?? name, text: unescaped(rest.join('=')) };
  });
}

// partsOf are the parts of a multipart body (RFC 7578); undefined where it is none.
function partsOf(body, contentType) {
  const [, boundary] = /boundary="?([^";]+)"?/i.exec(contentType) ?? [];
  const [, ...segments] = `\r\n${body}`.split(`\r\n--${boundary}`);
  const end = segments.findIndex((segment) => segment.startsWith('--'));
  if (!boundary || end < 0) return undefined;
  const parts = segments.slice(0, end).map((segment) => {
    const [, head, content] = /^[ \t]*\r\n(.*?\r\n|)\r\n(.*)$/s.exec(segment) ?? [];
    const [, disposition] = /^content-disposition:(.*)$/im.exec(head ?? '') ?? [];
    const [, name] = /;\s*name="([^"]*)"/i.exec(disposition ?? '') ?? [];
    const [, filename] = /;\s*filename="([^"]*)"/i.exec(disposition ?? '') ?? [];
    const [, type] = /^content-type:\s*(\S*?)\s*$/im.exec(head ?? '') ?? [];
    return { name: name === undefined ? undefined : textOf(name), filename, type, text: textOf(content ?? ''), size: content?.length };
  });
  return parts.some((part) => part.name === undefined || part.size === undefined) ? undefined : parts;
}

const isJSON = (type) => /^application\/(.+\+)?json$/i.test(type ?? '');

// isOf reports whether a schema has a type.
function isOf(document, pointer, type) {
  const schema = find(document, pointer);
  if ([schema.at.type].flat().includes(type)) return true;
  return ['anyOf', 'oneOf', 'allOf'].some((choice) => (schema.at[choice] ?? []).some((_, i) => isOf(document, `${schema.pointer}/${choice}/${i}`, type)));
}

const usualNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/;
const perhapsNumber = /^[\s+\-.0-9_exa-f]*[0-9][\s+\-.0-9_exa-fpn]*$|inf|nan/i;
const perhapsBoolean = /^(1|0|t|f|on|off|yes|no|y|n|true|false)$/i;

// readText reads a text as a value of a schema: as itself, or as the number or boolean that it looks like.
function readText(form, pointer, text) {
  const is = (type) => isOf(form.document, pointer, type);
  if (form.allows(pointer, text)) return { value: text };
  const isNumber = usualNumber.test(text) && text !== '-0';
  if (isNumber || text === 'true' || text === 'false') {
    const value = JSON.parse(text);
    if (form.allows(pointer, value) || !(is('boolean') && isNumber)) return { value };
  }
  const isOpen = (is('boolean') && perhapsBoolean.test(text) && text !== 'true' && text !== 'false') ||
    ((is('integer') || is('number')) && perhapsNumber.test(text) && !isNumber);
  return { value: text, isOpen };
}

// A way reads what came under the name of a property, where that is something; only the last, unless it is a list.

// isEmpty reports whether a field is what is sent for an input that was left empty: no text, and no file, which has a name.
const isEmpty = (property, field) => field.text === '' && (property.isJSON || !field.filename);

function readFiles(form, property, sent) {
  if (sent.some((part) => part.filename === undefined)) return { isRefused: true };
  return { value: property.isList ? sent.map(() => 'content') : 'content' };
}

function readJSON(form, property, [{ text, filename, type }]) {
  if (filename !== undefined && !isJSON(type)) return { isRefused: true };
  try {
    // A part that says of itself that it is something else is left open.
    return { value: JSON.parse(text), isOpen: type !== undefined && !isJSON(type) };
  } catch {
    return { isRefused: true };
  }
}

function readTexts(form, property, sent) {
  if (sent.some((field) => field.filename !== undefined || field.text === undefined)) return { isRefused: true };
  let texts = sent.map((field) => field.text);
  if (property.isList && property.encoding.explode === false) texts = texts.flatMap((text) => text.split(','));
  const read = texts.map((text) => readText(form, property.item, text));
  const values = read.map(({ value }) => value);
  return { value: property.isList ? values : values[0], isOpen: read.some(({ isOpen }) => isOpen) };
}

// readProperty chooses what counts of all that came under a name.
function readProperty(form, property, fields) {
  const isText = !property.isFile && !property.isJSON && isOf(form.document, property.item, 'string');
  const takesEmpty = isText && form.allows(property.item, '');
  const full = fields.filter((field) => takesEmpty || !isEmpty(property, field));
  // A text that must be there is not absent when it is empty; and of two of which one is empty, no document says which counts.
  const isLeft = isText && property.isRequired && full.length < fields.length;
  if (isLeft && !property.isList && full.length > 0) return { isOpen: true };
  const counts = isLeft ? fields : full;
  if (counts.length === 0) return {};
  const way = property.isFile ? readFiles : property.isJSON ? readJSON : readTexts;
  return way(form, property, property.isList ? counts : counts.slice(-1));
}

// isRequired reports whether a text must be there: always, or beside the other members of an optional struct.
function isRequired(schema, name) {
  const dependent = name.includes('.') ? Object.values(schema.dependentRequired ?? {}) : [];
  return [schema.required ?? [], ...dependent].some((names) => names.includes(name));
}

function propertyOf(document, media, schema, name) {
  const { pointer, at } = find(document, `${schema.pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  const encoding = media.encoding?.[name] ?? {};
  const isList = !isJSON(encoding.contentType) && at.type === 'array';
  const inner = isList ? find(document, `${pointer}/items`).at : at;
  return {
    encoding, isList, item: isList ? `${pointer}/items` : pointer,
    isFile: inner.format === 'binary', isJSON: isJSON(encoding.contentType), isRequired: isRequired(schema.at, name),
  };
}

// readForm returns the object that a form is, or that it is none (isRefused), or that the document does not say (isOpen).
function readForm(document, allows, pointer, contentType, body) {
  const media = find(document, pointer).at;
  const schema = find(document, `${pointer}/schema`);
  const bytes = body.toString('latin1');
  const sent = /^multipart\//i.test(contentType) ? partsOf(bytes, contentType) : pairsOf(bytes);
  if (!sent) return { isOpen: true };
  const form = { document, allows };
  const read = { object: {}, isRefused: false, isOpen: false };
  for (const [name, fields] of grouped(sent)) {
    if (!schema.at.properties || !Object.hasOwn(schema.at.properties, name)) {
      read.object[name] = '';
      continue;
    }
    const { value, isRefused, isOpen } = readProperty(form, propertyOf(document, media, schema, name), fields);
    if (value !== undefined) read.object[name] = value;
    read.isRefused ||= !!isRefused;
    read.isOpen ||= !!isOpen;
  }
  return read;
}

// grouped are fields by name, in the order in which they came.
function grouped(sent) {
  const groups = new Map();
  for (const field of sent) groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
  return groups;
}

module.exports = { readForm };
