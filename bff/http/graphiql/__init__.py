"""GraphiQL: the page that browsers get at /graphql, and the build of its assets."""
