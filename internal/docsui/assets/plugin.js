"use strict";

// What Swagger UI lacks: it shows the items of a stream as they arrive, with a button that ends it, and it shows
// integers of 64 bits digit for digit, where JavaScript's numbers have 53.
window.CandorPlugin = (system) => {
  const streamed = /^(text\/event-stream|application\/(jsonl|x-jsonlines|ndjson|x-ndjson|json-seq))\b/i;
  const json = /^application\/([\w.-]+\+)?json\b/i;
  const element = system.React.createElement;
  const shownCharacters = 100_000; // a stream may go on for days
  const pause = 100; // milliseconds between two pictures of a stream

  // The last stream of each operation: its controller, what became of it, and how to draw that.
  const streams = new Map();
  const keyOf = (path, method) => method + " " + path;

  const drop = (path, method) => {
    const key = keyOf(path, method);
    streams.get(key)?.controller.abort();
    streams.delete(key);
  };

  // follow fetches as fetch does. It shows a stream while that arrives, and returns all of it at its end.
  const follow = (path, method) => async (url, request) => {
    drop(path, method);
    const controller = new AbortController();
    const response = await fetch(url, { ...request, signal: controller.signal });
    if (!response.body || !streamed.test(response.headers.get("content-type") ?? "")) return response;

    const stream = { controller, state: "receiving" };
    streams.set(keyOf(path, method), stream);
    const { ok, status, statusText } = response;
    const headers = Object.fromEntries(response.headers);
    const dropped = () => streams.get(keyOf(path, method)) !== stream;
    const show = (text) => {
      if (dropped()) return;
      system.specActions.setResponse(path, method, { ok, status, statusText, url, headers, text, data: text });
    };
    const text = await read(response.body, stream, show);
    if (dropped()) return new Promise(() => {}); // what has been cleared or asked anew is not shown any more
    const whole = new Response(text, { status, statusText, headers });
    whole.blob = whole.text; // for Swagger UI, only some types are text
    return whole;
  };

  // read returns the text of a stream when it ends, is stopped or breaks off.
  const read = async (body, stream, show) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", left = 0, timer;
    const shown = () => (left ? `(${left} earlier characters are not shown)\n` : "") + text;
    const draw = () => { timer = undefined; show(shown()); };
    draw();
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += part.value;
        left += Math.max(0, text.length - shownCharacters);
        text = text.slice(-shownCharacters);
        timer ??= setTimeout(draw, pause);
      }
      stream.state = "complete";
    } catch (error) {
      stream.state = stream.controller.signal.aborted ? "stopped" : `broke off: ${error.message}`;
    }
    clearTimeout(timer);
    return shown();
  };

  const StreamState = ({ stream }) => element("p", { className: "candor-stream", role: "status" },
    `Stream: ${stream.state} `,
    stream.state === "receiving" &&
      element("button", { className: "btn candor-stop", onClick: () => stream.controller.abort() }, "Stop"));

  const withStreamState = (Original) => (props) => {
    const stream = streams.get(keyOf(props.path, props.method));
    return element("div", null, stream && element(StreamState, { stream }), element(Original, props));
  };

  const withExactText = (Original) => (props) => {
    const { content, contentType = "", headers = {} } = props;
    const attached = /attachment/i.test(headers["content-disposition"] ?? "");
    const isJSON = json.test(contentType);
    if (typeof content !== "string" || attached || !(isJSON || streamed.test(contentType))) return element(Original, props);
    const body = isJSON ? indented(content) : content;
    return element("div", null,
      element("h5", null, "Response body"),
      element(system.getComponent("HighlightCode", true), {
        language: isJSON ? "json" : "text",
        downloadable: true,
        fileName: isJSON ? "response.json" : "response.txt",
        canCopy: true,
      }, body));
  };

  // indented lays out JSON token by token. JSON.parse and JSON.stringify would round its numbers.
  const indented = (text) => {
    try {
      JSON.parse(text);
      let depth = 0;
      const line = () => "\n" + "  ".repeat(depth);
      return text.replace(/"(?:[^"\\]+|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g, (token) => {
        switch (token[0]) {
          case '"': return token;
          case "{": case "[":
            if (token.length > 1) return token[0] + token.at(-1);
            depth++;
            return token + line();
          case "}": case "]":
            depth--;
            return line() + token;
          case ",": return token + line();
          case ":": return ": ";
          default: return ""; // white space
        }
      });
    } catch {
      return text; // no JSON, whatever its type says
    }
  };

  // exactNumbers are the integers of the document that JavaScript rounds, by what it makes of them.
  let readDocument, exactNumbers;
  const roundedIn = (text) => {
    if (text === readDocument) return exactNumbers;
    readDocument = text;
    exactNumbers = new Map();
    for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"|-?\d{16,}(?![\d.eE])/g)) {
      if (token[0] === '"' || Number.isSafeInteger(Number(token))) continue;
      const rounded = JSON.stringify(Number(token));
      // Of two that look the same, neither can be told.
      exactNumbers.set(rounded, exactNumbers.has(rounded) && exactNumbers.get(rounded) !== token ? rounded : token);
    }
    return exactNumbers;
  };
  const exact = (sample) => {
    const numbers = roundedIn(system.specSelectors.specStr() ?? "");
    if (typeof sample !== "string" || !numbers.size) return sample;
    return sample.replace(/"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+]*/g, (token) => numbers.get(token) ?? token);
  };

  // withExamples fills in required parameters with the first example of their schema, where Swagger UI does not look.
  const withExamples = (document) => {
    const filled = structuredClone(document);
    for (const item of Object.values(filled.paths ?? {})) {
      const operations = Object.values(item ?? {}).filter((operation) => operation?.parameters);
      for (const parameter of operations.flatMap((operation) => operation.parameters)) {
        const example = parameter.schema?.examples?.[0];
        if (!parameter.required || parameter.examples || example === undefined) continue;
        parameter.example ??= typeof example === "number" ? exact(JSON.stringify(example)) : example;
      }
    }
    return filled;
  };

  return {
    statePlugins: {
      spec: {
        wrapActions: {
          clearResponse: (clear) => (path, method) => {
            drop(path, method);
            return clear(path, method);
          },
          updateJsonSpec: (update) => (document, ...rest) => update(withExamples(document), ...rest),
          executeRequest: (execute) => (request) =>
            execute({ ...request, userFetch: follow(request.pathName, request.method) }),
        },
      },
    },
    wrapComponents: { liveResponse: withStreamState, responseBody: withExactText },
    afterLoad() {
      const { getSampleSchema } = this.fn;
      Object.assign(this.fn, { getSampleSchema: (...schema) => exact(getSampleSchema(...schema)) });
    },
  };
};
