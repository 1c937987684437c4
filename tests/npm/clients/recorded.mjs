// A fetch that remembers what was sent: method, whether the document went along, status of the answer.
export const sent = [];

export async function recorded(url, options = {}) {
  const response = await fetch(url, options);
  const asked = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
  sent.push({ method: options.method ?? 'GET', document: Boolean(asked.query), status: response.status });
  return response;
}

// The requests since the last time.
export const taken = () => sent.splice(0);

export const codes = (errors) => (errors ?? []).map((error) => error.extensions?.code ?? error.message);
