// The built modules of this repository: the one file of the benchmark that names them.
export { judgeResource } from '../build/decision/preflight.js';
export { headersOfActual } from '../build/decision/reason.js';
export { corsRequestOf } from '../build/decision/request.js';
export { createCandidate, createResource } from '../build/decision/resource.js';
export { isError } from '../build/issues/problem.js';
export { createMergedPolicyCheck } from '../build/policy/check.js';
export { createPolicyCompiler } from '../build/policy/compile.js';
export { mergeLevels } from '../build/policy/merge.js';
export { readModuleOptions } from '../build/policy/read-module.js';
export { askForActual } from '../build/registry/answers.js';
export { RuleBook } from '../build/registry/rule-book.js';
export { writeCorsHeaders } from '../build/request/write-headers.js';
export { bounded } from '../build/resolvers/bounded.js';
export { shared } from '../build/resolvers/shared.js';
export { compilePath } from '../build/routing/path-rules.js';
