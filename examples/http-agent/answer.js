// What the agent does with a request, apart from HTTP, so that it can be tested without a port.

export const version = "1.0.0";

/** @returns {{ status: number, body: object }} */
export function answer(method, path, text, journal) {
  if (method === "GET" && path === "/health") return { status: 200, body: { ok: true, version } };
  if (method === "GET" && path === "/") return { status: 200, body: { hello: greeting(), version, writes: journal.last } };
  if (method === "POST" && path === "/writes") return { status: 201, body: { number: journal.append(text), version } };
  return { status: 404, body: { error: "there is no such thing here" } };
}

export function greeting() {
  return "hello";
}
