/**
 * A route that an issue affects.
 *
 * @publicApi
 */
export interface CorsIssueRoute {
  /** The name of the class. */
  readonly controller: string;
  /** The name of the method. */
  readonly handler: string;
  /** `ALL` for a handler of every method. */
  readonly method: string;
  /** The whole path, global prefix included. */
  readonly path: string;
}

/**
 * Where in the app an issue's cause is written.
 *
 * @publicApi
 */
export interface CorsIssueLocation {
  /** The kind of place: `app` is the whole app, `environment` a variable, `route` a rule for a path. */
  readonly level:
    'app' | 'module' | 'feature' | 'policy' | 'route' | 'controller' | 'handler' | 'gateway' | 'environment' | 'file';
  /** The module that imports the feature. */
  readonly module?: string;
  /** The named policy. */
  readonly policy?: string;
  /** The path of a rule in `routes`. */
  readonly rule?: string;
  /** The controller that has `@Cors()`, on itself or on a handler. */
  readonly controller?: string;
  /** The handler that has `@Cors()`. */
  readonly handler?: string;
  /** The environment variable. */
  readonly variable?: string;
  /** The place in the file that the options were read from: `cors.yaml:3:5`. */
  readonly file?: string;
}

/** Where a route is declared. */
interface DeclaredRoute {
  readonly controller: string;
  readonly handler: string;
  readonly module: string;
}

/**
 * The place of the level that set an option of a policy.
 *
 * @param source as in the policy's provenance: `module`, `policy:public`, `handler`
 * @param route absent if the policy does not belong to a route
 */
export function locationOfSource(source: string, route: DeclaredRoute | undefined): CorsIssueLocation {
  if (source.startsWith('policy:')) return { level: 'policy', policy: source.slice('policy:'.length) };
  const { controller = '', handler = '', module = '' } = route ?? {};
  if (source === 'feature') return { level: 'feature', module };
  if (source === 'controller') return { level: 'controller', controller };
  if (source === 'handler') return { level: 'handler', controller, handler };
  return { level: 'module' };
}

/** `(GET /admin)` */
export function targetLabel({ method, path }: CorsIssueRoute): string {
  return `(${method} ${path})`;
}

/** `AdminController.list (GET /admin)` */
export function routeLabel(route: CorsIssueRoute): string {
  return `${route.controller}.${route.handler} ${targetLabel(route)}`;
}

function levelLabel(location: CorsIssueLocation): string {
  const { level, module, policy, rule, controller, handler, variable } = location;
  switch (level) {
    case 'app':
      return 'the application';
    case 'module':
      return 'CorsModule.forRoot()';
    case 'feature':
      return `CorsModule.forFeature() in ${String(module)}`;
    case 'policy':
      return `CorsModule.forRoot(), policy '${String(policy)}'`;
    case 'route':
      return `CorsModule.forRoot(), rule for ${String(rule)}`;
    case 'controller':
      return `@Cors() on ${String(controller)}`;
    case 'handler':
      return `@Cors() on ${String(controller)}.${String(handler)}`;
    case 'gateway':
      return 'gatewayCors()';
    case 'environment':
      return `the environment variable ${String(variable)}`;
    case 'file':
      return 'corsOptionsFromFile()';
  }
}

/** The place where an issue's cause is written, in words. */
export function locationLabel(location: CorsIssueLocation): string {
  const label = levelLabel(location);
  return location.file === undefined ? label : `${label} (${location.file})`;
}
