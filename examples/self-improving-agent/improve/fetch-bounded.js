const ANSWER_LIMIT_BYTES = 262_144;

/** `fetch` that follows nobody elsewhere with the key, and stops reading an answer that is too long. */
export async function fetchBounded(url, options) {
  const response = await fetch(url, { ...options, redirect: "error" });
  if (response.body === null) return response;
  let sizeBytes = 0;
  const chunks = [];
  for await (const chunk of response.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_LIMIT_BYTES) throw new Error(`the answer is longer than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}
