/**
 * Every sentence a user can read: problems of a configuration, refusals, the start-up summary. Errors are data first
 * (`code`, `path`, `value`); this file turns the data into words.
 */
interface ProblemText {
  /** A warning is legal but probably wrong; an error does not boot. */
  readonly severity: 'error' | 'warning';
  /** Completes "`<path>` <value>: ". */
  readonly problem: string;
  /** What to type instead. `{fix}` is the corrected form; the sentence after `||` stands where there is none. */
  readonly hint: string;
}

/** Every code of a configuration issue. Codes are stable: they are part of the public API. */
export const PROBLEMS = {
  // --- the shape of the options -----------------------------------------------------------------------------------
  options_type: {
    severity: 'error',
    problem: 'is not an object of options',
    hint: "Write { origin: ['https://app.example.com'] }.",
  },
  options_unreadable: {
    severity: 'error',
    problem: 'cannot be read: its getter throws',
    hint: 'Pass plain values.',
  },
  option_unknown: {
    severity: 'error',
    problem: 'is not an option',
    hint: 'Did you mean `{fix}`?||Remove it.',
  },
  option_undefined: {
    severity: 'error',
    problem: 'is stated but undefined, as an unset environment variable is',
    hint: 'Set it, or remove it.',
  },
  boolean_type: { severity: 'error', problem: 'is not a boolean', hint: 'Write true or false.' },
  private_network: {
    severity: 'error',
    problem:
      'has no effect: browsers replaced Private Network Access by the Local Network Access permission, which no header can grant',
    hint: 'Remove it.',
  },
  preflight_continue: {
    severity: 'error',
    problem: 'is not possible: a preflight is answered with the policy of its target before any handler could see it',
    hint: 'Remove it. An OPTIONS request that is not a preflight reaches your @Options() handler anyway.',
  },
  bounds_type: {
    severity: 'error',
    problem: 'is not an object of limits',
    hint: "Write { origin: ['https://*.example.com'], credentials: false, maxAge: 3600 }.",
  },
  bounds_origin_type: {
    severity: 'error',
    problem: "is neither '*' nor a list of origins, and bounds are fixed",
    hint: "Write ['https://*.example.com']; to permit no origins, write origin: false in the policies.",
  },
  bounds_origin: {
    severity: 'error',
    problem: 'does not lie within the origins of `bounds`',
    hint: 'Remove it, or ask whoever states `bounds` to widen them.',
  },
  bounds_any_origin: {
    severity: 'error',
    problem: 'exceeds `bounds`, which permit listed origins only',
    hint: 'List the origins, or set bounds.anyOrigin: true to permit public routes.',
  },
  bounds_resolver: {
    severity: 'error',
    problem: 'exceeds `bounds`, which permit no resolvers',
    hint: 'List the origins, or remove bounds.resolvers: false.',
  },
  bounds_credentials: {
    severity: 'error',
    problem: 'exceeds `bounds`, which permit no credentials',
    hint: 'State credentials: false, or remove bounds.credentials: false.',
  },
  bounds_method: {
    severity: 'error',
    problem: 'exceeds the methods of `bounds`',
    hint: 'State `methods` without it, write @NoCors(), or add it to bounds.methods.',
  },
  bounds_header: {
    severity: 'error',
    problem: 'exceeds the headers of `bounds`',
    hint: 'State the list without it, or add it to the list in `bounds`.',
  },
  bounds_max_age: {
    severity: 'error',
    problem: 'is longer than `bounds` permit',
    hint: 'Write at most {fix}.',
  },
  self_type: {
    severity: 'error',
    problem: "is not a list of the app's own origins",
    hint: "Write ['https://api.example.com'], with the origins that your app is reached at.",
  },
  self_empty: {
    severity: 'error',
    problem: 'is empty (is an environment variable missing?)',
    hint: "Write the origins that your app is reached at, ['https://api.example.com'], or leave it out.",
  },
  self_entry: {
    severity: 'error',
    problem: 'is not an origin that an app is reached at',
    hint: "Write it as the browser's location.origin shows it: 'https://api.example.com'.",
  },
  self_pattern: {
    severity: 'error',
    problem: 'is a pattern, and the app is reached at exact origins',
    hint: 'Write each origin of the app.',
  },
  self_missing: {
    severity: 'warning',
    problem:
      "is not set: rejectDisallowed then takes the request's own Host for the app's name, and an attacker who points a name of theirs at the app (DNS rebinding) chooses that",
    hint: "Write self: ['https://api.example.com'] in CorsModule.forRoot(), with every origin that the app is reached at.",
  },
  resolver_options_type: {
    severity: 'error',
    problem: 'is not an object of resolver options',
    hint: 'Write { timeoutMs: 1000, maxOpen: 1000 }. The resolver itself stands in `origin`.',
  },
  resolver_timeout: {
    severity: 'error',
    problem: 'is not a whole number of milliseconds from 1 to 60000',
    hint: 'Write 1000 for a second.',
  },
  resolver_max_open: {
    severity: 'error',
    problem: 'is not a whole number of calls from 1 to 100000',
    hint: 'Write 1000, which is the default.',
  },
  gateway_resolver: {
    severity: 'error',
    problem: 'cannot be asked for a gateway, which is decorated before there is an injector and a request',
    hint: "List the origins, or write socket.io's own `cors.origin` function.",
  },
  feature_twice: {
    severity: 'error',
    problem: 'is imported twice by one module: nothing says which of the two policies is meant',
    hint: 'Merge the two policies into one forFeature().',
  },
  feature_ambiguous: {
    severity: 'error',
    problem: 'belongs to modules with different features: nothing says which policy is meant',
    hint: 'Declare the controller in one module, or give both modules no feature.',
  },
  feature_without_root: {
    severity: 'error',
    problem: 'has no effect without CorsModule.forRoot()',
    hint: "Import CorsModule.forRoot({ origin: ['https://app.example.com'] }) in the root module.",
  },
  feature_without_effect: {
    severity: 'warning',
    problem: 'has no effect: the module that imports it has no controllers of its own',
    hint: 'Import it in the modules that declare the controllers.',
  },
  policies_type: {
    severity: 'error',
    problem: 'is not an object of named policies',
    hint: "Write { public: { origin: '*', methods: ['GET'] } }.",
  },
  routes_type: {
    severity: 'error',
    problem: 'is not a list of rules for paths',
    hint: "Write [{ path: '/graphql', policy: { allowedHeaders: ['content-type', 'authorization'] } }].",
  },
  rule_path: {
    severity: 'error',
    problem: 'is not a path in the syntax of Nest middleware',
    hint: "Write '/graphql', '/static/*splat', or '/files{/:name}'.",
  },
  rule_covered: {
    severity: 'warning',
    problem: 'is covered by an earlier rule, which always applies first',
    hint: "Put it ahead of the rule for '{fix}', or remove it.",
  },
  rule_for_gateway: {
    severity: 'warning',
    problem: 'is where a gateway answers, ahead of the app: the rule has no effect there',
    hint: "Remove it, and give the gateway its policy: @WebSocketGateway({ cors: gatewayCors({ origin: ['https://app.example.com'] }) }).",
  },
  rule_shadowed: {
    severity: 'warning',
    problem: "is served by a controller's route, whose own policy applies to the methods that it serves",
    hint: 'Write @Cors() on that controller or handler, and keep the rule only for what else is served there.',
  },
  policy_unknown: {
    severity: 'error',
    problem: 'names no policy of CorsModule.forRoot({ policies })',
    hint: "Did you mean '{fix}'?||Add it to `policies`.",
  },
  add_without_list: {
    severity: 'error',
    problem: 'extends an inherited list, but what is inherited here is not a list',
    hint: 'State the whole list in place of add(...).',
  },

  // --- origin -----------------------------------------------------------------------------------------------------
  origin_missing: {
    severity: 'error',
    problem: 'is not stated, and there is no safe default',
    hint: "State your front ends, { origin: ['https://app.example.com'] }, or { origin: false } for none.",
  },
  origin_empty: {
    severity: 'error',
    problem: 'is empty, as an unset environment variable is',
    hint: 'List the origins, or write false for no cross-origin access.',
  },
  origin_type: {
    severity: 'error',
    problem: "is neither '*', an origin, a list of origins, a resolver, add(...), nor false",
    hint: "Write the origins as strings: ['https://app.example.com'].",
  },
  resolver_twice: {
    severity: 'error',
    problem: 'is a second resolver, and a policy has one',
    hint: 'Write one resolver that asks both.',
  },
  resolver_unresolved: {
    severity: 'error',
    problem: 'could not be taken from the injector, nor made by it',
    hint: 'Provide what it depends on in a module that CorsModule can see: {fix}',
  },
  resolver_scoped: {
    severity: 'error',
    problem: 'is not a singleton, and resolvers are shared by all requests',
    hint: 'Remove its scope, and that of what it depends on: the context has the request.',
  },
  resolver_type: {
    severity: 'error',
    problem: 'has no method isAllowed(origin, context)',
    hint: 'Write class {fix} implements CorsOriginResolver { isAllowed(origin, context) { \u2026 } }.',
  },
  origin_reflected: {
    severity: 'error',
    problem: 'would reflect any origin: every site could read what the user may read',
    hint: "List the origins you trust, or write '*' for public data without credentials.",
  },
  origin_regexp: {
    severity: 'error',
    problem: 'is a RegExp: one missing anchor or escape lets a look-alike host in',
    hint: "Write a pattern: 'https://*.example.com' covers every subdomain, 'http://localhost:*' every port.",
  },
  origin_any_in_list: {
    severity: 'error',
    problem: 'stands in a list, which it would make meaningless',
    hint: "Write origin: '*' alone for public data, or remove it from the list.",
  },
  origin_joined: {
    severity: 'error',
    problem: 'holds several origins in one string',
    hint: "Write one string each: ['{fix}'].",
  },
  origin_null: {
    severity: 'error',
    problem: 'is the origin of every sandboxed frame, data: URL and local file: anyone can send it',
    hint: 'Remove it, and serve the front end from an origin of its own.',
  },
  origin_whitespace: {
    severity: 'error',
    problem: 'has white space around it',
    hint: "Write '{fix}'.||Remove the white space.",
  },
  origin_scheme_missing: {
    severity: 'error',
    problem: 'has no scheme, and an origin always has one',
    hint: "Write '{fix}'.||Write it as 'https://host'.",
  },
  origin_scheme: {
    severity: 'error',
    problem: 'has a scheme that never stands in an Origin header',
    hint: "Write '{fix}', the origin of the page.||Write the origin of the page that sends the request.",
  },
  origin_scheme_typo: {
    severity: 'warning',
    problem: 'has a scheme of its own that is nearly https or http: it matches no web page',
    hint: "Write '{fix}', unless an app of yours really uses that scheme.",
  },
  origin_scheme_wildcard: {
    severity: 'error',
    problem: 'has a wildcard under a scheme whose hosts have no owner',
    hint: 'List each origin exactly.',
  },
  origin_wildcard: {
    severity: 'error',
    problem: "has a wildcard that is neither a whole leading label ('*.') nor a port (':*')",
    hint: "Write 'https://*.example.com' for subdomains, 'http://localhost:*' for ports, or list each origin.",
  },
  origin_userinfo: {
    severity: 'error',
    problem: 'holds a user name, and an origin never does',
    hint: 'Remove everything up to the @.',
  },
  origin_path: {
    severity: 'error',
    problem: 'has something after the host and port, and an origin never does: it would match no request',
    hint: "Write '{fix}'.||Remove what follows the host and port.",
  },
  origin_not_canonical: {
    severity: 'error',
    problem: 'is not in the form that browsers send: it would match no request',
    hint: "Write '{fix}'.||Write it as the browser's location.origin shows it.",
  },
  origin_host: {
    severity: 'error',
    problem: 'does not hold a valid host',
    hint: "Write it as the browser's location.origin shows it.",
  },
  origin_port: {
    severity: 'error',
    problem: 'has a port outside 1 to 65535',
    hint: "Write the port that the page is served from, or ':*' for any.",
  },
  origin_insecure: {
    severity: 'error',
    problem: 'is not encrypted: anyone on the network path can act as this origin',
    hint: "Write '{fix}', or set dangerouslyAllowInsecureOrigins: true if you accept that.",
  },
  origin_public_suffix: {
    severity: 'error',
    problem: 'covers a public suffix: anyone can register a host under it',
    hint: 'List the hosts you own, or set dangerouslyAllowPublicSuffixPatterns: true if you accept that.',
  },
  origin_any_with_credentials: {
    severity: 'error',
    problem: 'stands beside credentials: browsers refuse the pair, and any site could read what the user may read',
    hint: "State `credentials: false` beside origin '*', or list the origins that may send credentials.",
  },
  origin_any_rejecting: {
    severity: 'warning',
    problem: 'stands beside rejectDisallowed, and leaves no origin to reject',
    hint: 'List the origins, or remove rejectDisallowed.',
  },
  origin_duplicate: { severity: 'warning', problem: 'is listed twice', hint: 'Remove one.' },
  origin_subsumed: {
    severity: 'warning',
    problem: 'is covered by a pattern of the same list',
    hint: "Remove it, or remove '{fix}'.",
  },
  origin_pattern_with_credentials: {
    severity: 'warning',
    problem: 'stands beside credentials, so that one taken-over or script-injected subdomain can act for every user',
    hint: 'List the subdomains that need credentials.',
  },
  origin_any_port: {
    severity: 'warning',
    problem: 'covers every port of a public host',
    hint: 'State the port, unless every service of that host is yours.',
  },
  origin_loopback_in_production: {
    severity: 'warning',
    problem: "is loopback, and NODE_ENV is 'production': any program on a user's machine can act as it",
    hint: 'Take it from the environment, so that only development has it.',
  },

  // --- methods ----------------------------------------------------------------------------------------------------
  methods_type: {
    severity: 'error',
    problem: 'is not a list of methods',
    hint: "Write ['GET', 'PUT'], or leave it out to allow what is routed.",
  },
  methods_empty: {
    severity: 'error',
    problem: 'is empty, as an unset environment variable is',
    hint: 'Leave it out to allow what is routed, or write origin: false for no cross-origin access.',
  },
  method_any: {
    severity: 'error',
    problem: 'is not a method',
    hint: 'Leave `methods` out: it allows exactly what is routed.',
  },
  method_invalid: {
    severity: 'error',
    problem: 'is not a method name; one bad name makes browsers refuse every preflight',
    hint: 'Write one method per entry.',
  },
  method_case: {
    severity: 'error',
    problem: 'is not how the method is sent: methods are case-sensitive',
    hint: "Write '{fix}'.",
  },
  method_forbidden: {
    severity: 'error',
    problem: 'is a method that scripts can never send',
    hint: 'Remove it.',
  },
  method_unparsable: {
    severity: 'warning',
    problem: 'is a method that this version of Node.js cannot parse: no such request reaches the app',
    hint: 'Remove it.',
  },
  method_duplicate: { severity: 'warning', problem: 'is listed twice', hint: 'Remove one.' },
  method_options: {
    severity: 'warning',
    problem: 'is not needed for preflights: it lets scripts send OPTIONS requests of their own',
    hint: 'Remove it, unless a script calls fetch with method OPTIONS.',
  },

  // --- header names -----------------------------------------------------------------------------------------------
  headers_type: {
    severity: 'error',
    problem: "is neither a list of header names nor '*'",
    hint: "Write ['content-type', 'x-csrf-token'].",
  },
  headers_empty: {
    severity: 'error',
    problem: 'is empty, as an unset environment variable is',
    hint: 'Write [] for none, or leave it out to take the default.',
  },
  header_invalid: {
    severity: 'error',
    problem: 'is not a header name; one bad name makes browsers refuse the whole list',
    hint: 'Write one name per entry.',
  },
  header_any_in_list: {
    severity: 'error',
    problem: 'stands in a list beside names',
    hint: "Write '*' alone, or list the names.",
  },
  header_duplicate: { severity: 'warning', problem: 'is listed twice', hint: 'Remove one.' },
  request_header_forbidden: {
    severity: 'error',
    problem: 'is set by browsers alone: scripts can never send it',
    hint: 'Remove it.',
  },
  request_header_is_response_header: {
    severity: 'error',
    problem: 'is a response header: allowedHeaders lists what scripts may send',
    hint: 'Remove it. This module sends the Access-Control-Allow-* headers itself.',
  },
  request_header_any: {
    severity: 'warning',
    problem: 'allows every request header, Authorization included',
    hint: 'List the headers that your front ends send.',
  },
  request_headers_any_with_credentials: {
    severity: 'error',
    problem: 'stands beside credentials: browsers then take the asterisk for a header name, which allows nothing',
    hint: 'List the headers that your front ends send.',
  },
  request_header_method_override: {
    severity: 'warning',
    problem: 'lets a POST become another method after it was preflighted as POST',
    hint: 'Remove it, and let the front ends send the method itself.',
  },
  request_header_forwarded: {
    severity: 'warning',
    problem: 'lets any allowed page forge what a proxy reports',
    hint: 'Remove it: proxies set it, scripts should not.',
  },
  response_header_forbidden: {
    severity: 'error',
    problem: 'can never be read by scripts',
    hint: 'Remove it.',
  },
  response_header_any: {
    severity: 'warning',
    problem: 'exposes every response header, also those a proxy adds',
    hint: 'List the headers that your front ends read.',
  },
  response_headers_any_with_credentials: {
    severity: 'error',
    problem: 'stands beside credentials: browsers then take the asterisk for a header name, which exposes nothing',
    hint: 'List the headers that your front ends read.',
  },
  response_header_is_request_header: {
    severity: 'warning',
    problem: 'is a request header: no response has it, so there is nothing to expose',
    hint: 'Remove it. What scripts may send is listed in allowedHeaders.',
  },
  response_header_sensitive: {
    severity: 'warning',
    problem: 'can hold a token or a redirect target',
    hint: 'Expose it only if a script needs it.',
  },

  // --- the rest ---------------------------------------------------------------------------------------------------
  max_age: {
    severity: 'error',
    problem: 'is not a whole number of seconds from 0 to 86400',
    hint: 'Write {fix}: the unit is seconds.||Write 600 for ten minutes, 0 for no caching.',
  },
  options_status: {
    severity: 'error',
    problem: 'is not a status that every browser takes for a successful preflight',
    hint: 'Write 204, or 200 for very old clients.',
  },
  debug_in_production: {
    severity: 'warning',
    problem: "tells callers why they were refused, and NODE_ENV is 'production'",
    hint: 'Take it from the environment, so that only development has it.',
  },

  interceptor_fixed: {
    severity: 'error',
    problem: 'cannot change while the app runs: Nest registers interceptors at boot',
    hint: 'Leave it out of the options that are reloaded, or restart the app.',
  },

  // --- environment and files ----------------------------------------------------------------------------------------
  environment_empty: {
    severity: 'error',
    problem: 'is unset or empty, and an unset variable must not decide who has access',
    hint: 'Set {fix}. For no cross-origin access, state `origin: false` in the code.',
  },
  environment_type: {
    severity: 'error',
    problem: 'is not the text of an environment variable',
    hint: 'Set {fix}. What is a list already needs no originsFromEnv().',
  },
  environment_any: {
    severity: 'error',
    problem: 'would open the app to every site from outside the code',
    hint: "List the origins, {fix}, or state origin: '*' in the code.",
  },
  environment_boolean: {
    severity: 'error',
    problem: 'is not an origin',
    hint: 'List the origins: {fix}. For no cross-origin access, state `origin: false` in the code.',
  },
  environment_separator: {
    severity: 'error',
    problem: 'holds a semicolon: commas and white space separate origins',
    hint: 'Write {fix}.||Separate the origins by commas.',
  },
  environment_quoted: {
    severity: 'error',
    problem: 'has quotes or brackets that are part of the value, as docker --env-file keeps them',
    hint: 'Write {fix}, without any.||Write the origins without them, separated by commas.',
  },
  file_path: {
    severity: 'error',
    problem: 'is not the path of a .json, .yaml or .yml file',
    hint: "Write 'cors.yaml' or 'cors.json': the ending says how the file is read.",
  },
  file_missing: {
    severity: 'error',
    problem: 'does not exist',
    hint: 'Write the path from the working directory, {fix}, or an absolute one.',
  },
  file_kind: { severity: 'error', problem: 'is not a regular file', hint: 'Name the file that holds the options.' },
  file_unreadable: { severity: 'error', problem: 'cannot be read', hint: 'The system says: {fix}.' },
  file_encoding: { severity: 'error', problem: 'is not in UTF-8', hint: 'Save it as UTF-8.' },
  file_empty: {
    severity: 'error',
    problem: 'is a file without options',
    hint: 'State the front ends in it, origin: ["https://app.example.com"], or origin: false for none.',
  },
  file_syntax: { severity: 'error', problem: 'is not valid YAML', hint: 'The parser says: {fix}.' },
  file_json: {
    severity: 'error',
    problem: 'is not valid JSON',
    hint: 'JSON has double quotes only, no comments and no trailing commas. A .yaml file may have them.',
  },
  file_documents: {
    severity: 'error',
    problem: 'begins a second document',
    hint: 'Keep one: what follows `---` would be ignored.',
  },
  file_nesting: { severity: 'error', problem: 'is nested deeper than options are', hint: 'Remove what is no option.' },
  file_key: {
    severity: 'error',
    problem: 'has a key that is not plain text',
    hint: 'Write the name of an option.',
  },
  file_key_repeated: { severity: 'error', problem: 'is stated twice', hint: 'Keep one: the other is at {fix}.' },
  file_alias: {
    severity: 'error',
    problem: 'is an alias in YAML: aliases are not read',
    hint: 'Put text that begins with an asterisk into quotes. Write values out, or share them as one of `policies`.',
  },
  file_tag: {
    severity: 'error',
    problem: 'is a tag in YAML: tags are not read',
    hint: 'Remove it. Text in quotes is a string.',
  },

  // --- the application --------------------------------------------------------------------------------------------
  module_without_options: {
    severity: 'error',
    problem: 'has no options, so that it would do nothing',
    hint: "Write CorsModule.forRoot({ origin: ['https://app.example.com'] }), or return the options from useFactory.",
  },
  module_twice: {
    severity: 'error',
    problem: 'is imported more than once: two policies would give two answers',
    hint: 'Import CorsModule.forRoot() once, in the root module.',
  },
  cors_layer_twice: {
    severity: 'error',
    problem: 'answers CORS beside CorsModule: two layers give two answers, and browsers refuse duplicate headers',
    hint: 'Remove app.enableCors(), the `cors` option of NestFactory.create(), or app.use(cors()) or @fastify/cors, and keep CorsModule.',
  },
  platform_shared: {
    severity: 'error',
    problem: 'is already active for another app on this adapter or Express instance: one would overwrite the other',
    hint: 'Give each app an adapter of its own, with an HTTP instance of its own.',
  },
  platform_unsupported: {
    severity: 'error',
    problem: 'is an HTTP platform this version cannot route preflights for',
    hint: 'Use @nestjs/platform-express or @nestjs/platform-fastify.',
  },
  routes_unreadable: {
    severity: 'error',
    problem: 'is a route that could not be found among those the HTTP platform serves',
    hint: 'Please report it with the versions of @nestjs/core and nestjs-cors.',
  },
  candidates_differ: {
    severity: 'warning',
    problem:
      'is served by one of several handlers with different policies, by a version or a constraint that a preflight does not carry: any of them may answer it',
    hint: 'Give all these handlers one policy, put the version into the path (VersioningType.URI), or let the constraint read the host or the URL alone.',
  },
  csrf_untrusted: {
    severity: 'warning',
    problem:
      "may send state-changing requests, and Nest's CSRF protection refuses them: preflights pass, and then the request is 403",
    hint: 'Write app.enableCsrfProtection({ trustedOrigins: [{fix}] }): app.get(CorsService).trustedOrigins() has them all.||trustedOrigins takes exact origins only: list them, or `exclude` the route from the protection.',
  },
  decorator_without_effect: {
    severity: 'warning',
    problem: 'has no effect here: only the routes of controllers have a CORS policy',
    hint: 'Move @Cors() to a controller or to a route handler. A GraphQL endpoint takes a rule in `routes`, a gateway takes gatewayCors().',
  },
  decorator_twice: {
    severity: 'warning',
    problem: 'stands twice on one target; the upper one is in force',
    hint: 'Keep one @Cors().',
  },
} as const satisfies Record<string, ProblemText>;

/** The stable code of a configuration issue. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The hint of a problem, with the corrected form filled in. */
export function hintOf(code: ProblemCode, fix: string | undefined): string {
  const [withFix = '', without = withFix] = PROBLEMS[code].hint.split('||');
  return fix === undefined ? without : withFix.replaceAll('{fix}', () => fix);
}
