// GraphiQL for one frontend: a bar with the frontends, and the IDE below it with the frontend's ready queries.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createElement as h, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { asTab, examplesPlugin } from './examples.js';
import { makeLink, readLink } from './links.js';
import { getLast, request, subscribeToLast, withoutEmpty } from './requests.js';
import { storageOf } from './storage.js';
import 'graphiql/style.css';
import './bar.css';

const config = JSON.parse(document.getElementById('config').textContent);

globalThis.MonacoEnvironment = {
  getWorker(_, label) {
    const name = { json: 'json', graphql: 'graphql' }[label] ?? 'editor';
    return new Worker(`${config.assets}/${name}.worker.js`);
  },
};

// A websocket takes the headers of GraphiQL's header editor too, as the payload of connection_init.
const send = createGraphiQLFetcher({
  url: config.endpoint,
  subscriptionUrl: location.origin.replace(/^http/, 'ws') + config.endpoint,
  enableIncrementalDelivery: false,
  fetch: request,
});
const fetcher = (parameters, options) => send(parameters, { ...options, headers: withoutEmpty(options?.headers) });
const examples = config.examples.length ? examplesPlugin(config.examples) : null;

const linked = readLink();
const written = { query: '', variables: '' };

function copyLink() {
  const link = makeLink(written);
  history.replaceState(null, '', link);
  navigator.clipboard?.writeText(link).catch(() => {}); // the address bar has it anyway
}

function Last() {
  const last = useSyncExternalStore(subscribeToLast, getLast);
  if (!last) return h('output', { className: 'bff-last' });
  const calls = last.calls === null ? [] : [`${last.calls} ${last.calls === 1 ? 'call' : 'calls'}`];
  return h('output', { className: 'bff-last', title: `x-request-id: ${last.id}` },
    h('b', null, last.status), ` · ${[`${last.milliseconds} ms`, ...calls].join(' · ')} `, h('code', null, last.id));
}

function Bar() {
  return h('header', { className: 'bff-bar' },
    h('h1', null, config.frontend),
    h('span', { className: 'bff-description' }, config.description),
    h(Last),
    h('button', { type: 'button', className: 'bff-link', onClick: copyLink }, 'Link to this query'),
    h('nav', { 'aria-label': 'Frontends' }, config.frontends.map(({ name, path }) =>
      h('a', { key: name, href: path, 'aria-current': name === config.frontend ? 'page' : undefined }, name))));
}

const first = linked ?? (examples ? asTab(config.examples[0]) : null);
const isNarrow = matchMedia('(max-width: 700px)').matches;
const emptyHeaders = () => Object.fromEntries(config.headers.map((name) => [name, '']));

function Page() {
  return h('div', { className: 'bff-page' },
    h(Bar),
    h('main', { className: 'bff-ide' },
      h(GraphiQL, {
        fetcher,
        onEditQuery: (query) => { written.query = query; },
        onEditVariables: (variables) => { written.variables = variables; },
        ...(config.headers.length ? { defaultHeaders: JSON.stringify(emptyHeaders(), null, 2) } : {}),
        storage: storageOf(config.frontend),
        plugins: examples ? [HISTORY_PLUGIN, examples] : [HISTORY_PLUGIN],
        ...(first ? { defaultTabs: [first] } : {}),
        ...(examples && !isNarrow ? { visiblePlugin: examples } : {}),
        ...(linked ? { initialQuery: linked.query, initialVariables: linked.variables } : {}),
      })));
}

createRoot(document.getElementById('root')).render(h(Page));
