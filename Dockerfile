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
COPY pyproject.toml constraints.txt tools/list_requirements.py ./
RUN python list_requirements.py demo compression redis > requirements.txt && \
    pip install --no-cache-dir --constraint constraints.txt --requirement requirements.txt
COPY README.md LICENSE bff.schema.json hatch_build.py ./
COPY bff ./bff
COPY connectors ./connectors
COPY --from=graphiql /build/out ./bff/http/graphiql/assets
RUN BFF_RELEASE=1 pip install --no-cache-dir --no-deps .
COPY schemas ./schemas
COPY demo ./demo
COPY bff.yaml ./
# A number: with `runAsNonRoot`, Kubernetes does not look up names.
USER 10001:10001
ENV METRICS=false
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /live HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["bff"]
CMD ["serve", "--host", "0.0.0.0"]
