// Where GraphiQL's assets were not built: a plain editor at once, and GraphiQL from a public CDN when that loads.
// Subscriptions go over server-sent events, so nothing else needs to be loaded.
const config = JSON.parse(document.getElementById('config').textContent);
const root = document.getElementById('root');
const example = config.examples[0] ?? { query: '{ __typename }', variables: {} };

async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = /^event: next\ndata: (.*)$/m.exec(block);
      if (data) yield JSON.parse(data[1]);
    }
  }
}

async function ask(parameters, { headers = {} } = {}) {
  const reply = await fetch(config.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream;q=0.9', ...headers },
    body: JSON.stringify(parameters),
  });
  return reply.headers.get('content-type')?.startsWith('text/event-stream') ? events(reply) : reply.json();
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function bar() {
  const links = config.frontends.map(({ name, path }) => element('a', { href: path, textContent: name }));
  return element('header', { className: 'bff-bar' }, element('h1', { textContent: config.frontend }),
    element('span', { className: 'bff-description', textContent: config.description }), element('nav', {}, ...links));
}

function plainEditor() {
  const query = element('textarea', { id: 'query', rows: 16, cols: 80, spellcheck: false, ariaLabel: 'Query' });
  const variables = element('textarea', { id: 'variables', rows: 4, cols: 80, spellcheck: false, ariaLabel: 'Variables' });
  const result = element('pre', { id: 'result' });
  const show = (value) => { result.textContent = JSON.stringify(value, null, 2); };
  const choose = (chosen) => {
    query.value = chosen.query;
    variables.value = JSON.stringify(chosen.variables, null, 2);
  };
  const run = element('button', { id: 'run', textContent: 'Run' });
  run.onclick = async () => {
    try {
      const answer = await ask({ query: query.value, variables: JSON.parse(variables.value || '{}') });
      if (!answer[Symbol.asyncIterator]) return show(answer);
      for await (const event of answer) show(event);
    } catch (error) {
      result.textContent = String(error);
    }
  };
  const buttons = config.examples.map((each) =>
    element('button', { className: 'example', textContent: each.title, onclick: () => choose(each) }));
  choose(example);
  return element('main', { className: 'bff-plain' }, element('p', {}, ...buttons.flatMap((button) => [button, ' '])),
    element('p', {}, query), element('p', {}, variables), element('p', {}, run), result);
}

function graphiql(place) {
  const { GraphiQL, React, ReactDOM } = globalThis;
  const defaultTabs = config.examples.map(({ query, variables }) => ({
    query, variables: Object.keys(variables).length ? JSON.stringify(variables, null, 2) : '',
  }));
  const properties = { fetcher: ask, ...(defaultTabs.length ? { defaultTabs } : {}) };
  ReactDOM.createRoot(place).render(React.createElement(GraphiQL, properties));
}

root.classList.add('bff-page');
root.append(bar(), plainEditor());
addEventListener('load', () => {
  if (!globalThis.GraphiQL || !globalThis.ReactDOM) return;
  const place = element('main', { className: 'bff-ide' });
  root.replaceChildren(bar(), place);
  graphiql(place);
});
