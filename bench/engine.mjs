// What is measured of the engine: the built modules of this repository.
import { createMergedPolicyCheck } from '../build/policy/check.js';
import { createPolicyCompiler } from '../build/policy/compile.js';
import { isError } from '../build/issues/problem.js';
import { mergeLevels } from '../build/policy/merge.js';
import { readModuleOptions } from '../build/policy/read-module.js';
import { writeCorsResponse } from '../build/request/write-headers.js';
import { respondToActual } from '../build/decision/reason.js';
import { createCandidate, createTarget, judgeTarget } from '../build/decision/preflight.js';
import { corsRequestOf } from '../build/decision/request.js';
import { compilePath } from '../build/routing/path-rules.js';
import { RuleBook } from '../build/registry/rule-book.js';

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
export function targetOf(policy, methods) {
  return createTarget(methods.map(method => ({ method, candidates: [createCandidate([policy])] })));
}

/** Rules for paths, in order. */
export function ruleBookOf(module, policies) {
  const entries = Object.entries(policies).map(([path, policy]) => ({ path, pattern: compilePath(path), policy }));
  return new RuleBook(entries, module);
}

/** Decides about an actual request, and writes its headers. */
export function answerActual(policy, request, response) {
  const cors = corsRequestOf(request.method, request.headers);
  writeCorsResponse(response, respondToActual(cors, policy), cors.origin);
}

/** Decides about a preflight for a path with these methods, and answers it. */
export function answerPreflight(target, request, response) {
  const cors = corsRequestOf(request.method, request.headers);
  const outcome = judgeTarget(cors, target);
  writeCorsResponse(response, outcome.response, cors.origin);
  response.statusCode = outcome.status;
  response.end();
}
