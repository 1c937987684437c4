// Links that open a query: it stands behind the #, which browsers do not send, so that no log of a server has it.
export function readLink() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const query = parameters.get('query');
  return query ? { query, variables: parameters.get('variables') || null } : null;
}

export function makeLink({ query, variables }) {
  const parameters = new URLSearchParams({ query });
  if (variables) parameters.set('variables', variables);
  return `${location.origin}${location.pathname}#${parameters}`;
}
