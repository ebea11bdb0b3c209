// Serves one schema with two libraries, each on a free port. Tells where, and ends with its
// standard input.

const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { buildSchema, GraphQLError } = require("graphql");
const { createHandler } = require("graphql-http/lib/use/http");
const { createYoga } = require("graphql-yoga");

function broken() {
  throw new GraphQLError("out of order", { extensions: { code: "BROKEN" } });
}

const resolvers = {
  hello: (_, { name }) => `hello ${name}`,
  broken,
  fatal: broken,
  add: (_, { a, b }) => a + b,
};
const schema = buildSchema(readFileSync(join(__dirname, "schema.graphql"), "utf8"));
for (const type of [schema.getQueryType(), schema.getMutationType()]) {
  for (const field of Object.values(type.getFields())) {
    field.resolve = resolvers[field.name];
  }
}

const handlers = {
  INTEROP_YOGA: createYoga({ schema, logging: false }),
  INTEROP_GRAPHQL_HTTP: createHandler({ schema }),
};
for (const [name, handler] of Object.entries(handlers)) {
  const server = createServer(handler).listen(0, "127.0.0.1", () => {
    console.log(`${name}=http://127.0.0.1:${server.address().port}/graphql`);
  });
}
process.stdin.resume().on("end", () => process.exit());
