# The gateway's image, and with `demo` as its argument the shop's upstreams too.
FROM node:20-slim AS graphiql
WORKDIR /build
COPY bff/http/graphiql/package.json ./
RUN npm install --no-audit --no-fund --no-package-lock
COPY bff/http/graphiql/src ./src
RUN npx esbuild src/main.js src/editor.worker.js src/json.worker.js src/graphql.worker.js --bundle --minify \
    --format=iife --outdir=out --legal-comments=linked --define:process.env.NODE_ENV='"production"' \
    --loader:.ttf=dataurl --loader:.woff=dataurl --loader:.woff2=dataurl --loader:.svg=dataurl

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 bff
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bff ./bff
COPY connectors ./connectors
COPY --from=graphiql /build/out ./bff/http/graphiql/assets
RUN pip install --no-cache-dir --constraint constraints.txt '.[demo,compression,redis]'
COPY schemas ./schemas
COPY demo ./demo
COPY bff.yaml ./
USER bff
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/live', timeout=2)"]
CMD ["bff", "serve", "--host", "0.0.0.0"]
