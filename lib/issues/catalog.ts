/** The text of every configuration problem. Problems are data first (`code`, `path`, `value`). */
interface ProblemText {
  /** A warning is legal but probably wrong; an error does not boot. */
  readonly severity: 'error' | 'warning';
  /** Follows "`<path>` <value>". */
  readonly problem: string;
  /** What to type instead. `{fix}` is the corrected form; the sentence after `||` is used when there is none. */
  readonly hint: string;
}

/** For a resolver that was written for another library. */
export const RETURN_THE_ANSWER = 'Return the answer, true or false or a promise of it: there is no callback.';

/** `ConfigModule` reads its file while Nest creates the modules, and decorators have run by then. */
const TOO_EARLY = 'If it is in a .env file, that is read after forRoot() was called: use forRootAsync().';

const FROM_VARIABLE = "originsFromEnv('CORS_ORIGINS') reads a variable with commas.";

/** Every code of a configuration issue. Codes are stable: they are part of the public API. */
export const PROBLEMS = {
  // --- the shape of the options -----------------------------------------------------------------------------------
  options_type: {
    severity: 'error',
    problem: 'is not an options object',
    hint: "Write { origin: {fix} }.||Write { origin: ['https://app.example.com'] }, or { origin: '*' } for public data without credentials.",
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
  option_synonym: {
    severity: 'error',
    problem: 'is not an option, and the one that it means is set as well',
    hint: 'Did you mean `{fix}`? Keep one of the two.',
  },
  option_of_module: {
    severity: 'error',
    problem: 'is an option of CorsModule.forRoot(), not of a policy',
    hint: 'Move it to CorsModule.forRoot().',
  },
  option_of_rule: {
    severity: 'error',
    problem: "is an option of the rule's policy",
    hint: 'Move it into the `policy` of the rule.',
  },
  option_any_origin: {
    severity: 'error',
    problem: 'is not an option: the value of `origin` says whether any site may read',
    hint: "Remove it. List the origins you trust, or write origin: '*' for public data without credentials.",
  },
  option_any_name: {
    severity: 'error',
    problem: 'is not an option: routed methods are allowed by default, and headers are listed',
    hint: 'Remove it. List the headers that your front ends send in `allowedHeaders`.',
  },
  option_origin_switch: {
    severity: 'error',
    problem: 'is not an option: an origin is allowed if `origin` lists it, or its pattern',
    hint: 'Remove it, and list in `origin` what it was for.',
  },
  option_per_path: {
    severity: 'error',
    problem: 'is not an option: @Cors() and `routes` set what differs by path',
    hint: 'Remove it. Write @Cors() on a controller or handler, or a rule in `routes`.',
  },
  option_automatic: {
    severity: 'error',
    problem: 'is not an option: the module always does this itself',
    hint: 'Remove it.',
  },
  option_without_counterpart: {
    severity: 'error',
    problem: 'is not an option: CORS headers do not depend on it',
    hint: 'Remove it.',
  },
  option_switch: {
    severity: 'error',
    problem: 'is not an option: `origin` says whether there is cross-origin access',
    hint: 'Write {fix} in its place, for no cross-origin access.||Remove it.',
  },
  options_factory: {
    severity: 'error',
    problem: 'has no method createCorsOptions(), which forRootAsync() calls for the options',
    hint: 'Write class {fix} implements CorsOptionsFactory { createCorsOptions(): CorsModuleOptions { return { \u2026 }; } }.',
  },
  options_delegate: {
    severity: 'error',
    problem: 'cannot be the options: they are known at boot, and do not depend on the request',
    hint: 'Write an object. What differs by path is set by @Cors() or a rule in `routes`, and what differs by request by a resolver, { origin: (origin, context) => boolean }.',
  },
  option_undefined: {
    severity: 'error',
    problem: 'is set to undefined (is an environment variable missing?)',
    hint: `List {fix}, or write false for no cross-origin access. ${TOO_EARLY}||Set it, or remove it. ${TOO_EARLY}`,
  },
  option_null: {
    severity: 'error',
    problem: 'is no value of an option',
    hint: 'List {fix}, or write false for no cross-origin access.||Remove it.',
  },
  boolean_type: { severity: 'error', problem: 'is not a boolean', hint: 'Write {fix}.||Write true or false.' },
  private_network: {
    severity: 'error',
    problem:
      'has no effect: browsers replaced Private Network Access with the Local Network Access permission, which no header can grant',
    hint: 'Remove it.',
  },
  preflight_continue: {
    severity: 'error',
    problem: 'is not supported: a preflight is answered with the policy of its route, before any handler could see it',
    hint: 'Remove it. An OPTIONS request that is not a preflight reaches your @Options() handler anyway.',
  },
  bounds_type: {
    severity: 'error',
    problem: 'is not an object of limits',
    hint: "Write { origin: ['https://*.example.com'], credentials: false, maxAge: 3600 }.",
  },
  bounds_origin_type: {
    severity: 'error',
    problem: "is neither '*' nor a fixed list of origins",
    hint: "Write ['https://*.example.com']; to allow no origins, write origin: false in the policies.",
  },
  bounds_origin: {
    severity: 'error',
    problem: 'is not within the origins of `bounds`',
    hint: 'Remove it, or ask whoever maintains `bounds` to widen them.',
  },
  bounds_any_origin: {
    severity: 'error',
    problem: 'exceeds `bounds`, which allow listed origins only',
    hint: 'List the origins, or set bounds.anyOrigin: true to allow public routes.',
  },
  bounds_resolver: {
    severity: 'error',
    problem: 'exceeds `bounds`, which allow no resolvers',
    hint: 'List the origins, or remove bounds.resolvers: false.',
  },
  bounds_credentials: {
    severity: 'error',
    problem: 'exceeds `bounds`, which allow no credentials',
    hint: 'Set credentials: false, or remove bounds.credentials: false.',
  },
  bounds_method: {
    severity: 'error',
    problem: 'is not in the methods of `bounds`',
    hint: 'Set `methods` to a list without it, write @NoCors(), or add it to bounds.methods.',
  },
  bounds_header: {
    severity: 'error',
    problem: 'is not in the headers of `bounds`',
    hint: 'Write the list without it, or add it to the list in `bounds`.',
  },
  bounds_max_age: {
    severity: 'error',
    problem: 'is longer than `bounds` allow',
    hint: 'Write at most {fix}.',
  },
  self_type: {
    severity: 'error',
    problem: "is not a list of the app's own origins",
    hint: "Write ['{fix}'].||Write ['https://api.example.com'], with the origins that browsers reach your app at.",
  },
  self_empty: {
    severity: 'error',
    problem: 'is empty (is an environment variable missing?)',
    hint: "Write the origins that browsers reach your app at, ['https://api.example.com'], or leave it out.",
  },
  self_entry: {
    severity: 'error',
    problem: 'is not an origin that browsers can reach an app at',
    hint: "Write it as the browser's location.origin shows it: 'https://api.example.com'.",
  },
  self_pattern: {
    severity: 'error',
    problem: "is a pattern, but the app's own origins are exact",
    hint: "List each of the app's origins.",
  },
  self_missing: {
    severity: 'warning',
    problem:
      "is not set, so rejectDisallowed trusts the request's own Host: an attacker who points a domain of theirs at the app (DNS rebinding) controls that header",
    hint: "Write self: ['https://api.example.com'] in CorsModule.forRoot(), with every origin that browsers reach the app at.",
  },
  handshakes_type: {
    severity: 'error',
    problem: "is neither 'enforce', 'report' nor false",
    hint: "Write handshakes: {fix}.||Write handshakes: 'report' to log what would be refused, handshakes: false for no check, or leave it out: 'enforce' is the default.",
  },
  resolver_options_type: {
    severity: 'error',
    problem: 'is not an object of resolver options',
    hint: 'Write { timeoutMs: 1000, maxOpen: 1000 }. The resolver itself goes in `origin`.',
  },
  resolver_timeout: {
    severity: 'error',
    problem: 'is not a whole number of milliseconds from 1 to 60000',
    hint: 'Write 1000 for a second.',
  },
  resolver_max_open: {
    severity: 'error',
    problem: 'is not a whole number of calls from 1 to 100000',
    hint: 'Write 1000, the default.',
  },
  gateway_resolver: {
    severity: 'error',
    problem: 'cannot be used for a gateway: its decorator runs before there is an injector or a request',
    hint: "List the origins, or write socket.io's own `cors.origin` function.",
  },
  gateway_others: {
    severity: 'error',
    problem: 'cannot be used for a gateway: socket.io has one answer for all origins',
    hint: 'Remove it.',
  },
  feature_twice: {
    severity: 'error',
    problem: 'is imported twice by one module, so it is unclear which of the two policies applies',
    hint: 'Merge the two policies into one forFeature().',
  },
  feature_ambiguous: {
    severity: 'error',
    problem: 'is declared in modules with different features, so it is unclear which policy applies',
    hint: 'Declare the controller in one module, or remove the features from both modules.',
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
    problem: 'is not a list of path rules',
    hint: "Write [{ path: '/graphql', policy: { allowedHeaders: ['content-type', 'authorization'] } }].",
  },
  rule_path: {
    severity: 'error',
    problem: 'is not a path in the syntax of Nest middleware',
    hint: "Write '/graphql', '/static/*splat', or '/files{/:name}'.",
  },
  rule_without_policy: {
    severity: 'error',
    problem: 'has no policy',
    hint: "Write { path: {fix}, policy: { origin: ['https://app.example.com'] } }, with what differs from the module's policy, or policy: false for no cross-origin access.",
  },
  rule_covered: {
    severity: 'warning',
    problem: 'is covered by an earlier rule, which always applies first',
    hint: "Put it ahead of the rule for '{fix}', or remove it.",
  },
  rule_for_gateway: {
    severity: 'warning',
    problem: 'is served by a gateway before the app sees the request: the rule has no effect there',
    hint: "Remove it. Write @Cors() on the gateway for who may connect, and @WebSocketGateway({ cors: gatewayCors({ origin: ['https://app.example.com'] }) }) for the headers of long-polling.",
  },
  rule_shadowed: {
    severity: 'warning',
    problem: "is served by a controller's route, whose own policy applies to the methods it serves",
    hint: 'Write @Cors() on that controller or handler, and keep the rule only for whatever else is served there.',
  },
  rule_prefix: {
    severity: 'warning',
    problem: 'matches nothing that is registered, and the same path with another prefix does',
    hint: "Write '{fix}': a rule's path is the whole path, the global prefix included where it applies.",
  },
  rule_without_document: {
    severity: 'warning',
    problem: "covers the page, but not the API's document",
    hint: "Add a rule with the same policy for each: '{fix}'.",
  },
  policy_unused: {
    severity: 'warning',
    problem: 'is not used: no @Cors(), feature or rule names it',
    hint: "Write @Cors('{fix}') on a controller or a handler, or remove it.",
  },
  policy_unknown: {
    severity: 'error',
    problem: 'is not the name of a policy in CorsModule.forRoot({ policies })',
    hint: "Did you mean '{fix}'?||Add it to `policies`.",
  },
  policy_is_origin: {
    severity: 'error',
    problem: 'is an origin, not the name of a policy',
    hint: "Write { origin: '{fix}' }.",
  },
  add_without_list: {
    severity: 'error',
    problem: 'extends an inherited list, but the inherited value is not a list',
    hint: "Remove it: the inherited '*' has any {fix} already.||Write the whole list instead of add(...).",
  },

  // --- origin -----------------------------------------------------------------------------------------------------
  origin_missing: {
    severity: 'error',
    problem: 'is not set, and there is no safe default',
    hint: "List your front ends, { origin: ['https://app.example.com'] }, write {fix} for public data, or { origin: false } for no cross-origin access.||List your front ends, { origin: ['https://app.example.com'] }, or write { origin: false } for no cross-origin access.",
  },
  origin_empty: {
    severity: 'error',
    problem: 'is empty (is an environment variable missing?)',
    hint: 'Remove it, or set {fix}.||List the origins, or write false for no cross-origin access.',
  },
  origin_type: {
    severity: 'error',
    problem: "is neither '*', an origin, a list of origins, a resolver, add(...), nor false",
    hint: "Write {fix}.||Write the origins as strings: ['https://app.example.com'].",
  },
  resolver_twice: {
    severity: 'error',
    problem: 'is a second resolver, but a policy can have only one',
    hint: 'Write one resolver that calls both.',
  },
  resolver_callback: {
    severity: 'warning',
    problem: 'seems to answer by a callback, which a resolver does not have: it would deny every origin',
    hint: RETURN_THE_ANSWER,
  },
  resolver_unresolved: {
    severity: 'error',
    problem: "could not be resolved or created by Nest's injector",
    hint: 'Provide its dependencies in a module that CorsModule can see: {fix}',
  },
  resolver_scoped: {
    severity: 'error',
    problem: 'is not a singleton, but all requests share one resolver',
    hint: 'Remove its scope and the scope of its dependencies: the context has the request.',
  },
  resolver_type: {
    severity: 'error',
    problem: 'has no method isAllowed(origin, context)',
    hint: 'Write class {fix} implements CorsOriginResolver { isAllowed(origin, context) { \u2026 } }.',
  },
  origin_reflected: {
    severity: 'error',
    problem: "would reflect any origin: every site could read the user's data",
    hint: "List the origins you trust, or write '*' for public data without credentials.",
  },
  origin_regexp: {
    severity: 'error',
    problem: 'is a RegExp: one missing anchor or escape lets a look-alike host in',
    hint: 'Write {fix}.||List each origin, or look them up in a Set of yours, with a resolver: origin => origins.has(origin).',
  },
  origin_any_in_list: {
    severity: 'error',
    problem: 'is in a list, and would make the rest of it meaningless',
    hint: "Write origin: '*' alone for public data, or remove it from the list. To let anyone read without credentials, write others: { origin: '*' } beside the list.",
  },
  origin_false_in_list: {
    severity: 'error',
    problem: 'is in a list, but false stands alone, for no origin at all',
    hint: "Remove it. A condition is written ...(isDevelopment ? ['http://localhost:3000'] : []).",
  },
  origin_joined: {
    severity: 'error',
    problem: 'contains several origins in one string',
    hint: `Write each as its own string: {fix}. ${FROM_VARIABLE}||Write each as its own string. ${FROM_VARIABLE}`,
  },
  origin_separator: {
    severity: 'error',
    problem: 'has a separator before or after the origin',
    hint: "Write '{fix}'.||Remove the separator.",
  },
  origin_quoted: {
    severity: 'error',
    problem: 'has quotes or brackets inside the string',
    hint: 'Write {fix}.||Remove them.',
  },
  origin_invisible: {
    severity: 'error',
    problem: 'has an invisible character, often copied from a web page or a chat',
    hint: "Write '{fix}'.||Type it anew instead of copying it.",
  },
  origin_text: {
    severity: 'error',
    problem: 'is the name of a value, as a string (is an environment variable missing?)',
    hint: 'Write {fix}, without quotes.||Remove it, and set the variable.',
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
    hint: "Write '{fix}'.||Write it as the browser's location.origin shows it.",
  },
  origin_scheme: {
    severity: 'error',
    problem: 'has a scheme that never appears in an Origin header',
    hint: "Write '{fix}', the origin of the page.||Write the origin of the page that sends the request.",
  },
  origin_scheme_typo: {
    severity: 'warning',
    problem: 'has a custom scheme that is nearly https or http: it matches no web page',
    hint: "Write '{fix}', unless an app of yours really uses that scheme.",
  },
  origin_scheme_wildcard: {
    severity: 'error',
    problem: 'has a wildcard, but nobody owns the hosts of its scheme',
    hint: 'Write {fix}.||List each origin exactly. A browser extension that has permission for your host needs no CORS.',
  },
  origin_file: {
    severity: 'error',
    problem: 'is a file: browsers send the origin null for its page, and anyone can send that',
    hint: "Remove it, and serve the page from 'http://localhost', or from a scheme of your app.",
  },
  origin_capitals: {
    severity: 'error',
    problem: 'has capitals, which no listed origin can have',
    hint: "Write '{fix}'.||Remove it: a browser extension that has permission for your host needs no CORS.",
  },
  origin_wildcard: {
    severity: 'error',
    problem:
      "has a wildcard that is neither in the leading label ('*.' or one '*' with other characters) nor a port (':*')",
    hint: 'Write {fix}.||List each origin, or look them up in a Set of yours, with a resolver: origin => origins.has(origin).',
  },
  origin_userinfo: {
    severity: 'error',
    problem: 'contains a user name, which an origin never has',
    hint: "Write '{fix}'.||Remove everything up to the @.",
  },
  origin_path: {
    severity: 'error',
    problem: 'has something after the host and port, where an origin ends: it would match no request',
    hint: "Write '{fix}'.||Remove what follows the host and port.",
  },
  origin_not_canonical: {
    severity: 'error',
    problem: 'is not in the form that browsers send: it would match no request',
    hint: "Write '{fix}'.||Write it as the browser's location.origin shows it.",
  },
  origin_host: {
    severity: 'error',
    problem: 'does not have a valid host',
    hint: "Write it as the browser's location.origin shows it.",
  },
  origin_port: {
    severity: 'error',
    problem: 'has a port outside 1 to 65535',
    hint: 'Write the port that the page is served from.',
  },
  origin_insecure: {
    severity: 'error',
    problem: 'is not encrypted: anyone on the network path can act as this origin',
    hint: "Write '{fix}', or set dangerouslyAllowInsecureOrigins: true if you accept that.",
  },
  origin_public_suffix: {
    severity: 'error',
    problem: 'covers a public suffix: anyone can register a host under it',
    hint: 'Write {fix}.||List the hosts you own, or look them up in a Set of yours, with a resolver: origin => origins.has(origin). If you accept that anyone is let in, set dangerouslyAllowPublicSuffixPatterns: true.',
  },
  origin_public_suffix_with_credentials: {
    severity: 'error',
    problem:
      'covers a public suffix and is combined with credentials: names there are first come, first served, and whoever registers one could act for every user',
    hint: 'List the hosts that need credentials, or set credentials: false.',
  },
  origin_any_with_credentials: {
    severity: 'error',
    problem: "cannot be combined with credentials: browsers reject it, and it would let any site read the user's data",
    hint: "Set `credentials: false` with origin '*', or list the origins that may send credentials.",
  },
  origin_any_rejecting: {
    severity: 'warning',
    problem: 'leaves no origin for rejectDisallowed to reject',
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
    problem:
      'is combined with credentials: one subdomain that is taken over, or runs an injected script, can act for every user',
    hint: 'List the subdomains that need credentials.',
  },
  origin_never_sent: {
    severity: 'warning',
    problem: 'matches nothing: Safari writes the id of an extension in capitals, and makes one for each installation',
    hint: 'Remove it: a browser extension that has permission for your host needs no CORS.',
  },
  origin_any_port: {
    severity: 'warning',
    problem: 'covers every port of the host',
    hint: 'Write the port, unless every service on that host is yours.',
  },
  origin_loopback_in_production: {
    severity: 'warning',
    problem: "is loopback, and NODE_ENV is 'production': any program on a user's machine can act as it",
    hint: 'Take it from the environment, so that only development has it.',
  },

  // --- others -----------------------------------------------------------------------------------------------------
  others_type: {
    severity: 'error',
    problem: 'is neither a policy nor the name of one',
    hint: "Write { origin: {fix} }.||Write { origin: '*' }, or the name of one of `policies`. To have none, leave it out.",
  },
  others_origin: {
    severity: 'error',
    problem: "is neither '*' nor a list of origins",
    hint: "Write '*' for any site, or list the origins: ['https://app.example.com'].",
  },
  others_option: {
    severity: 'error',
    problem: 'is no option of `others`: it belongs to the policy itself',
    hint: 'Name a policy {fix}.||Remove it.',
  },
  others_without_list: {
    severity: 'error',
    problem: 'has no effect: `others` is for those whom a list of origins leaves out, and there is none',
    hint: 'Remove it, or list the origins that `origin` is for: it is {fix} here.',
  },

  // --- methods ----------------------------------------------------------------------------------------------------
  names_text: {
    severity: 'error',
    problem: 'is not a list of names, separated by single commas',
    hint: 'Write {fix}.||Write one name per entry of a list.',
  },
  name_empty: { severity: 'error', problem: 'is empty', hint: 'Remove it.' },
  name_value: {
    severity: 'error',
    problem: 'is the name of a value, as a string (is an environment variable missing?)',
    hint: 'Remove it.',
  },
  methods_type: {
    severity: 'error',
    problem: 'is not a list of methods',
    hint: "Write ['GET', 'PUT'], or leave it out to allow the routed methods.",
  },
  methods_empty: {
    severity: 'error',
    problem: 'is empty (is an environment variable missing?)',
    hint: 'Leave it out to allow the routed methods, or write origin: false for no cross-origin access.',
  },
  method_any: {
    severity: 'error',
    problem: 'is not a method',
    hint: 'Leave `methods` out: this allows exactly the routed methods.',
  },
  method_invalid: {
    severity: 'error',
    problem: 'is not a method name; one bad name makes browsers refuse every preflight',
    hint: 'Write {fix}.||Write one method per entry.',
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
  method_unserved: {
    severity: 'warning',
    problem: 'is served by no route that this list applies to: it has no effect',
    hint: 'Remove it.',
  },
  methods_without_get: {
    severity: 'warning',
    problem: 'leaves out GET, so that no page can read what a GET route of it answers',
    hint: "Add 'GET'. If pages are not meant to read it, ignore this.",
  },
  method_options: {
    severity: 'warning',
    problem: 'is not needed for preflights: it lets scripts send their own OPTIONS requests',
    hint: 'Remove it, unless a script calls fetch with method OPTIONS.',
  },

  // --- header names -----------------------------------------------------------------------------------------------
  headers_type: {
    severity: 'error',
    problem: "is neither a list of header names nor '*'",
    hint: 'Write {fix}, or leave it out to use the default.',
  },
  headers_empty: {
    severity: 'error',
    problem: 'is empty (is an environment variable missing?)',
    hint: 'Write [] for none, or leave it out to use the default.',
  },
  header_invalid: {
    severity: 'error',
    problem: 'is not a header name; one bad name makes browsers refuse the whole list',
    hint: 'Write {fix}.||Write one name per entry.',
  },
  header_any_in_list: {
    severity: 'error',
    problem: 'is in a list with header names',
    hint: "Remove it and list the names, or write '*' alone.",
  },
  header_asterisk: {
    severity: 'warning',
    problem: 'has an asterisk in it, which browsers take literally: it matches no other name',
    hint: 'Write each name.',
  },
  header_duplicate: { severity: 'warning', problem: 'is listed twice', hint: 'Remove one.' },
  request_header_forbidden: {
    severity: 'error',
    problem: 'is set only by browsers: scripts can never send it',
    hint: 'Remove it.',
  },
  request_header_is_response_header: {
    severity: 'error',
    problem: 'is a response header: allowedHeaders lists what scripts may send',
    hint: 'Remove it. This module sends the Access-Control-Allow-* headers itself.',
  },
  request_header_any: {
    severity: 'warning',
    problem: 'allows every request header, including Authorization',
    hint: 'List the headers that your front ends send.',
  },
  request_headers_any_with_credentials: {
    severity: 'error',
    problem:
      'cannot be combined with credentials: browsers would read the asterisk as a header name, which allows nothing',
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
  request_header_unlisted: {
    severity: 'warning',
    problem:
      'is missing from the list, but is read there, with @Headers() or as the version: browsers refuse requests that send it',
    hint: "Add '{fix}' to the list.",
  },
  response_header_forbidden: {
    severity: 'error',
    problem: 'can never be read by scripts',
    hint: 'Remove it.',
  },
  response_header_any: {
    severity: 'warning',
    problem: 'exposes every response header, including those a proxy adds',
    hint: 'List the headers that your front ends read.',
  },
  response_headers_any_with_credentials: {
    severity: 'error',
    problem:
      'cannot be combined with credentials: browsers would read the asterisk as a header name, which exposes nothing',
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
    problem: 'is not a status that every browser accepts as a successful preflight',
    hint: 'Write {fix}, a number.||Write 204, or 200 for very old clients.',
  },
  resource_policy: {
    severity: 'error',
    problem: 'is not a value of Cross-Origin-Resource-Policy: browsers ignore any other, and every page may embed',
    hint: "Write {fix}.||Leave it out to send no such header, or write 'same-origin', 'same-site' or 'cross-origin'.",
  },
  resource_policy_with_any: {
    severity: 'warning',
    problem:
      "is stricter than origin: '*': pages elsewhere can read this with fetch(), but cannot embed it with a plain <img> or <script>",
    hint: "Write 'cross-origin' if any page may embed it. If it is only meant to be fetched, ignore this.",
  },
  timing_origins: {
    severity: 'error',
    problem: 'is not a boolean: Timing-Allow-Origin names the origins that `origin` allows, and no others',
    hint: 'Write true.',
  },
  debug_in_production: {
    severity: 'warning',
    problem: "shows callers why they were refused, and NODE_ENV is 'production'",
    hint: 'Take it from the environment, so that only development has it.',
  },

  interceptor_fixed: {
    severity: 'error',
    problem: 'cannot change while the app runs: Nest registers interceptors at boot',
    hint: 'Leave it out of the reloaded options, or restart the app.',
  },

  // --- environment and files ----------------------------------------------------------------------------------------
  environment_empty: {
    severity: 'error',
    problem: 'is unset or empty, and an unset variable must not decide who has access',
    hint: 'Set {fix}. For no cross-origin access, write `origin: false` in the code.',
  },
  environment_name: {
    severity: 'error',
    problem: 'is not the name of an environment variable',
    hint: "Pass the name and not the value: originsFromEnv('CORS_ORIGINS').",
  },
  environment_type: {
    severity: 'error',
    problem: 'is not the text of an environment variable',
    hint: 'Set {fix}. A list needs no originsFromEnv().',
  },
  environment_any: {
    severity: 'error',
    problem: 'would open the app to every site from outside the code',
    hint: "List the origins, {fix}, or write origin: '*' in the code.",
  },
  environment_boolean: {
    severity: 'error',
    problem: 'is not an origin',
    hint: 'List the origins: {fix}. For no cross-origin access, write `origin: false` in the code.',
  },
  environment_separator: {
    severity: 'error',
    problem: 'has a separator that is neither a comma nor white space',
    hint: 'Write {fix}.||Separate the origins with commas.',
  },
  environment_quoted: {
    severity: 'error',
    problem: 'has quotes or brackets inside the value (docker --env-file keeps them)',
    hint: 'Write {fix}.||Write the origins without them, separated by commas.',
  },
  file_path: {
    severity: 'error',
    problem: 'is not the path of a .json, .yaml or .yml file',
    hint: "Write 'cors.yaml' or 'cors.json': the extension decides how the file is read.",
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
    hint: 'List the front ends in it, origin: ["https://app.example.com"], or origin: false for none.',
  },
  file_syntax: { severity: 'error', problem: 'is not valid YAML', hint: 'The parser says: {fix}.' },
  file_json: {
    severity: 'error',
    problem: 'is not valid JSON',
    hint: 'JSON has double quotes only, no comments and no trailing commas. A .yaml file may have them.',
  },
  file_documents: {
    severity: 'error',
    problem: 'starts a second document',
    hint: 'Keep one: everything after `---` would be ignored.',
  },
  file_nesting: {
    severity: 'error',
    problem: 'is nested deeper than options are',
    hint: 'Remove everything that is not an option.',
  },
  file_key: {
    severity: 'error',
    problem: 'has a key that is not plain text',
    hint: 'Write the name of an option.',
  },
  file_key_repeated: { severity: 'error', problem: 'is set twice', hint: 'Keep one: the other is at {fix}.' },
  file_alias: {
    severity: 'error',
    problem: 'is a YAML alias, and aliases are not supported',
    hint: 'Put text that begins with an asterisk in quotes. Write values out, or share them as one of `policies`.',
  },
  file_tag: {
    severity: 'error',
    problem: 'is a YAML tag, and tags are not supported',
    hint: 'Remove it. Text in quotes is a string.',
  },

  // --- the application --------------------------------------------------------------------------------------------
  module_without_options: {
    severity: 'error',
    problem: 'has no options, so it would do nothing',
    hint: "Write CorsModule.forRoot({ origin: ['https://app.example.com'] }), with origin: '*' for public data without credentials, or return the options from useFactory.",
  },
  module_twice: {
    severity: 'error',
    problem: 'is imported more than once: two policies would give two answers',
    hint: 'It is imported by {fix}. Import CorsModule.forRoot() once, in the root module.||Import CorsModule.forRoot() once, in the root module.',
  },
  cors_layer_twice: {
    severity: 'error',
    problem: 'handles CORS as well as CorsModule: two layers give two answers, and browsers reject duplicate headers',
    hint: 'It is enabled by {fix}. Remove it there, or turn it off in the options if that is a library, and keep CorsModule.||Remove app.enableCors(), the `cors` option of NestFactory.create(), app.use(cors()) or @fastify/cors, also where a library calls it, and keep CorsModule.',
  },
  platform_shared: {
    severity: 'error',
    problem: 'is already active for another app on this adapter or Express instance: one would overwrite the other',
    hint: 'Give each app its own adapter, with its own HTTP instance.',
  },
  platform_unsupported: {
    severity: 'error',
    problem: 'is an HTTP platform that this version cannot route preflights on',
    hint: 'Use @nestjs/platform-express or @nestjs/platform-fastify.',
  },
  routes_unreadable: {
    severity: 'error',
    problem: 'is not among the routes that the HTTP platform serves',
    hint: 'Please report it with the versions of @nestjs/core and nestjs-cors.',
  },
  candidates_differ: {
    severity: 'warning',
    problem:
      'has several handlers with different policies, and the version or constraint that picks one is not in a preflight: any of them may answer it',
    hint: 'Give all these handlers one policy, put the version in the path (VersioningType.URI), or let the constraint read only the host or the URL.',
  },
  gateway_name_elsewhere: {
    severity: 'error',
    problem: "cannot be looked up: the gateway is not on the app's own server",
    hint: "Pass the policy itself, gatewayCors({ origin: ['https://app.example.com'] }), or remove the port.",
  },
  gateway_any_origin: {
    severity: 'warning',
    problem: "lets any site connect to a gateway with the user's cookies, and read its messages",
    hint: "List the origins that may connect, @Cors({ origin: ['https://app.example.com'] }). Keep it if the gateway ignores cookies.",
  },
  gateways_differ: {
    severity: 'warning',
    problem: 'is the path of several gateways with different policies, and one handshake: all of them have to allow it',
    hint: 'Give these gateways one policy, or each a path of its own.',
  },
  gateway_cors_wider: {
    severity: 'warning',
    problem: 'has a `cors` option that allows more than its policy: those origins get 403',
    hint: "Add '{fix}' to @Cors({ origin: [\u2026] }) on the gateway, or take it out of `cors`.||Write in `cors` the origins that may connect: cors: gatewayCors({ origin: ['https://app.example.com'] }).",
  },
  gateway_port: {
    severity: 'warning',
    problem: "is not on the app's own server, so nobody compares the origins of its handshakes",
    hint: "Remove the port, and make its adapter with the app. Or compare `Origin` in socket.io's `allowRequest` or `verifyClient` of `ws`, and ignore this.",
  },
  gateway_option_ignored: {
    severity: 'warning',
    problem: 'has no effect on a gateway: only `origin` counts for a handshake',
    hint: 'Remove it. The headers of long-polling are those of gatewayCors().',
  },
  csrf_untrusted: {
    severity: 'warning',
    problem:
      "may send state-changing requests, but Nest's CSRF protection refuses them: the preflight passes, and the request gets 403",
    hint: 'Write app.enableCsrfProtection({ trustedOrigins: [{fix}] }): app.get(CorsService).trustedOrigins() returns them all.||Write exact origins only: trustedOrigins takes no patterns. Or `exclude` the route from the protection.',
  },
  decorator_without_effect: {
    severity: 'warning',
    problem:
      "has no effect: only controllers, their route handlers, and gateways on the app's own server have a policy",
    hint: 'Move @Cors() to a controller, to a route handler or to the class of a gateway. For a GraphQL endpoint, write a rule in `routes`.',
  },
  decorator_overridden: {
    severity: 'warning',
    problem:
      'has no effect on the override in a subclass: a method does not inherit the decorators of the one it overrides',
    hint: 'Write @Cors() on the method in {fix} as well.',
  },
  origin_stays_closed: {
    severity: 'warning',
    problem: 'has no effect: it inherits origin: false, which allows no cross-origin access',
    hint: "Set its origin, { origin: ['https://app.example.com'] }, or remove it.",
  },
  decorator_twice: {
    severity: 'warning',
    problem: 'is applied twice: only the upper one is active',
    hint: 'Keep one @Cors().',
  },
} as const satisfies Record<string, ProblemText>;

/** The stable code of a configuration issue. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The hint for a problem, with the corrected form filled in. */
export function hintOf(code: ProblemCode, fix: string | undefined): string {
  const [withFix = '', without = withFix] = PROBLEMS[code].hint.split('||');
  return fix === undefined ? without : withFix.replaceAll('{fix}', () => fix);
}

/**
 * The last line of an error: where its codes are explained.
 *
 * @param headings each once, as in a link: `#origin_path`
 */
export function seeAlso(headings: readonly string[]): string {
  return `See node_modules/nestjs-cors/docs/issues.md${headings.join(', ')}`;
}

/** The corrected form for what only the app can decide, as code: one resolver for all of it. */
export function resolverFix(regExps: readonly string[]): string {
  return `a resolver, origin => ${regExps.map(regExp => `${regExp}.test(origin)`).join(' || ')}`;
}

/** The hint for a list in a list, as of `originsFromEnv()`. */
export function spreadHint(list: string): string {
  return `Spread it with three dots: ...${list}.`;
}

/** The hint for a further entry that a resolver has to decide: a list has one. */
export function sharedResolverHint(path: string): string {
  return `Remove it: the resolver for ${path} has it as well.`;
}

/** The hint for an entry that the resolver of its list has to decide. */
export function ownResolverHint(regExp: string): string {
  return `Remove it, and allow it in the resolver of this list: ${regExp}.test(origin).`;
}

/** The hint for an entry of an environment variable: all of the variable, as it has to be. */
export function assignmentHint(assignment: string): string {
  return `Write ${assignment}.`;
}

/** The hint for what a RegExp or a wildcard would be, where no resolver is possible. */
export const LIST_EACH_ORIGIN = 'List each origin.';
