// GraphiQL for one frontend: a bar with the frontends, and the IDE below it with the frontend's ready queries.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';
import { asTab, examplesPlugin } from './examples.js';
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
const fetcher = createGraphiQLFetcher({
  url: config.endpoint,
  subscriptionUrl: location.origin.replace(/^http/, 'ws') + config.endpoint,
  enableIncrementalDelivery: false,
});
const examples = config.examples.length ? examplesPlugin(config.examples) : null;

function Bar() {
  return h('header', { className: 'bff-bar' },
    h('h1', null, config.frontend),
    h('span', { className: 'bff-description' }, config.description),
    h('nav', { 'aria-label': 'Frontends' }, config.frontends.map(({ name, path }) =>
      h('a', { key: name, href: path, 'aria-current': name === config.frontend ? 'page' : undefined }, name))));
}

function Page() {
  return h('div', { className: 'bff-page' },
    h(Bar),
    h('main', { className: 'bff-ide' },
      h(GraphiQL, {
        fetcher,
        storage: storageOf(config.frontend),
        plugins: examples ? [HISTORY_PLUGIN, examples] : [HISTORY_PLUGIN],
        ...(examples ? { defaultTabs: [asTab(config.examples[0])], visiblePlugin: examples } : {}),
      })));
}

createRoot(document.getElementById('root')).render(h(Page));
