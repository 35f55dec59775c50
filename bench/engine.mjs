// What is measured of the engine.
import {
  compilePath,
  corsRequestOf,
  createCandidate,
  createMergedPolicyCheck,
  createPolicyCompiler,
  createResource,
  headersOfActual,
  isError,
  judgeResource,
  mergeLevels,
  readModuleOptions,
  RuleBook,
  writeCorsHeaders,
} from './library.mjs';

/** Compiles a policy as the module does at boot; throws where it has an error. */
export function compile(options) {
  const report = (_level, { code }) => {
    if (isError(code)) throw new Error(code);
  };
  const { level, bounds } = readModuleOptions(options, false, found => report(undefined, found));
  const merged = mergeLevels([level], report);
  createMergedPolicyCheck({ production: false })(merged, [level], report);
  return createPolicyCompiler(bounds)(merged);
}

/** A path at which one policy serves these methods. */
export function resourceOf(policy, methods) {
  return createResource(methods.map(method => ({ method, candidates: [createCandidate([policy])] })));
}

/** Rules for paths, in order. */
export function ruleBookOf(module, policies) {
  const entries = Object.entries(policies).map(([path, policy]) => ({ path, pattern: compilePath(path), policy }));
  return new RuleBook(entries, module);
}

/** Decides about an actual request, and writes its headers. */
export function answerActual(policy, request, response) {
  const cors = corsRequestOf(request.method, request.headers);
  writeCorsHeaders(response, headersOfActual(cors, policy), cors.origin);
}

/** Decides about a preflight for a path with these methods, and answers it. */
export function answerPreflight(resource, request, response) {
  const cors = corsRequestOf(request.method, request.headers);
  const verdict = judgeResource(cors, resource);
  writeCorsHeaders(response, verdict.headers, cors.origin);
  response.statusCode = verdict.status;
  response.end();
}
