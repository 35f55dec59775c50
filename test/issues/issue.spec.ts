import { IssueCollector } from '../../lib/issues/issue.js';
import type { CorsIssueLocation, CorsIssueRoute } from '../../lib/issues/location.js';
import { PROBLEMS, type ProblemCode } from '../../lib/issues/catalog.js';
import { problem, type Problem } from '../../lib/issues/problem.js';

const list = { controller: 'CatsController', handler: 'list', method: 'GET', path: '/cats' };
const create = { controller: 'CatsController', handler: 'create', method: 'POST', path: '/cats' };
const CONTROLLER: CorsIssueLocation = { level: 'controller', controller: 'CatsController' };
const HANDLER: CorsIssueLocation = { level: 'handler', controller: 'CatsController', handler: 'list' };

describe('The message of an issue', () => {
  it.each<[what: string, CorsIssueLocation, Problem, readonly CorsIssueRoute[], message: string]>([
    [
      'an error of the module',
      { level: 'module', file: 'cors.yaml:2:3' },
      problem('max_age', 'maxAge', -1),
      [],
      `Invalid maxAge -1 in CorsModule.forRoot() (cors.yaml:2:3): ${PROBLEMS.max_age.problem}.`,
    ],
    [
      'a warning of a handler',
      HANDLER,
      problem('request_header_any', 'allowedHeaders', '*'),
      [list],
      `Questionable allowedHeaders "*" in @Cors() on CatsController.list (GET /cats): ${PROBLEMS.request_header_any.problem}.`,
    ],
    [
      'an error of a controller, with its routes',
      CONTROLLER,
      problem('option_unknown', 'maxage', 'maxage', 'maxAge'),
      [list, create],
      'Invalid "maxage" in @Cors() on CatsController, affecting CatsController.list (GET /cats) and 1 more: is not an option.',
    ],
    [
      'a decorator itself',
      HANDLER,
      problem('decorator_twice', '@Cors()', '@Cors()'),
      [list],
      `@Cors() on CatsController.list (GET /cats) ${PROBLEMS.decorator_twice.problem}.`,
    ],
    [
      'a decorator itself, with the routes of its controller',
      CONTROLLER,
      problem('decorator_twice', '@Cors()', '@Cors()'),
      [list],
      `@Cors() on CatsController, affecting CatsController.list (GET /cats), ${PROBLEMS.decorator_twice.problem}.`,
    ],
    [
      'the whole app',
      { level: 'app' },
      problem('module_twice', 'CorsModule', 'CorsModule'),
      [],
      `"CorsModule" ${PROBLEMS.module_twice.problem}.`,
    ],
    [
      'a part of the app, with its routes',
      { level: 'app' },
      problem('candidates_differ', 'GET /cats', 'GET /cats'),
      [list],
      `"GET /cats", affecting CatsController.list (GET /cats), ${PROBLEMS.candidates_differ.problem}.`,
    ],
  ])('names the place and the routes of %s', (_what, location, found, routes, message) => {
    const issues = new IssueCollector();
    if (routes.length === 0) issues.add(location, found);
    for (const route of routes) issues.add(location, found, route);
    expect([...issues.errors(), ...issues.warnings()].map(issue => issue.message)).toEqual([message]);
  });
});

describe('The sentences of all codes', () => {
  const codes = Object.keys(PROBLEMS) as readonly ProblemCode[];

  it.each(codes)('of %s fit behind a value, and the hint is a sentence', code => {
    expect(PROBLEMS[code].problem).toMatch(/^[a-z].*[^.]$/);
    for (const hint of PROBLEMS[code].hint.split('||')) expect(hint).toMatch(/^[A-Z].*[.?}]$/);
  });
});
