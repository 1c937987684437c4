// GraphiQL's pane with the ready queries of a frontend: a click opens one in a tab of its own.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { createElement as h } from 'react';

// GraphiQL calls a tab by the name of its operation; an operation without one gets that of its example.
function nameOperation(query, title) {
  const name = title.replace(/[^A-Za-z0-9]+(.)?/g, (_, next) => (next ?? '').toUpperCase()).replace(/^[0-9]+/, '');
  if (!name) return query;
  if (/^\s*\{/.test(query)) return query.replace(/^\s*/, `query ${name} `);
  return query.replace(/^(\s*(?:query|mutation|subscription))\s*(?=[({@])/, `$1 ${name} `);
}

export function asTab({ title, query, variables }) {
  return { query: nameOperation(query, title), variables: Object.keys(variables).length ? JSON.stringify(variables, null, 2) : null };
}

function Icon() {
  return h('svg', { viewBox: '0 0 16 16', fill: 'none', stroke: 'currentColor', strokeWidth: 1.5, 'aria-hidden': true },
    h('path', { d: 'M2 3.5h12M2 8h12M2 12.5h7' }));
}

function Examples({ examples }) {
  const { addTab, changeTab } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open(example) {
    const { query, variables } = asTab(example);
    const known = tabs.findIndex((tab) => tab.query === query);
    if (known >= 0) return changeTab(known);
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables ?? '');
  }

  return h('section', { 'aria-label': 'Examples', className: 'bff-examples' },
    h('h2', null, 'Examples'),
    examples.map((example) =>
      h('button', { key: example.title, type: 'button', onClick: () => open(example) }, example.title)));
}

export function examplesPlugin(examples) {
  return { title: 'Examples', icon: Icon, content: () => h(Examples, { examples }) };
}
