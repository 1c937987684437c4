// The requests of the page: without headers that are left empty, and with what the last response said of itself.
const listeners = new Set();
let last = null;

export function subscribeToLast(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const getLast = () => last;

function note(found) {
  last = found;
  listeners.forEach((listener) => listener());
}

function countCalls(timing) {
  return [...(timing ?? '').matchAll(/desc="(\d+) calls?"/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

export function withoutEmpty(headers) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => value !== ''));
}

export async function request(url, options) {
  const began = performance.now();
  const headers = { ...withoutEmpty(options.headers), 'x-server-timing': '1' };
  let response;
  try {
    response = await fetch(url, { ...options, headers });
  } catch (error) {
    note({ status: 'no response', milliseconds: Math.round(performance.now() - began), calls: null, id: '' });
    throw error;
  }
  const timing = response.headers.get('server-timing');
  const calls = timing === null ? null : countCalls(timing);
  const id = response.headers.get('x-request-id') ?? '';
  note({ status: response.status, milliseconds: Math.round(performance.now() - began), calls, id });
  return response;
}
