import type { ProblemCode } from '../issues/catalog.js';
import type { PolicyOption } from './fields.js';

/**
 * Option names of other CORS libraries: `cors`, `@fastify/cors`, Koa, Hono, Spring, Flask-CORS, django-cors-headers,
 * `rs/cors`, gin, `rack-cors`, ASP.NET, Starlette. In lower case, without separators, and without the prefixes `cors`
 * and `accesscontrol`.
 */
const SAME_OPTION: Readonly<Record<string, PolicyOption>> = options({
  origin:
    'alloworigin alloworigins allowedorigin allowedorigins origins originslist alloworiginfunc alloworiginrequestfunc alloworiginvaryrequestfunc alloworiginwithcontextfunc alloworiginregex allowedoriginregexes allowedoriginspatterns allowedoriginpatterns alloworiginpatterns originpatterns originwhitelist originallowlist originregexwhitelist whitelist allowlist alloweddomains domains withorigins setisoriginallowed',
  methods:
    'allowmethod allowmethods allowedmethod allowedmethods method httpmethods allowedhttpmethods verbs withmethods',
  allowedHeaders:
    'allowheader allowheaders allowedheader headers requestheaders allowedrequestheaders allowrequestheaders withheaders',
  exposedHeaders:
    'exposeheader exposeheaders exposedheader expose responseheaders exposedresponseheaders exposeresponseheaders withexposedheaders',
  credentials:
    'allowcredentials allowedcredentials allowscredentials supportcredentials supportscredentials withcredentials includecredentials credential',
  maxAge: 'preflightmaxage maxageseconds setpreflightmaxage optionsmaxage cachemaxage preflightcache maxagesecs',
  resourcePolicy: 'crossoriginresourcepolicy corp resourcepolicyheader',
  timing: 'timingalloworigin timingalloworigins allowtiming tao resourcetiming',
  optionsSuccessStatus: 'optionsstatus optionsresponsestatuscode successstatus optionsstatuscode preflightstatus',
});

/** Options whose work something else does here, or nothing does, by the code that says so. */
const OTHER_WAY: Readonly<Record<string, ProblemCode>> = options({
  option_any_origin: 'allowallorigins allowallorigin allowanyorigin allowall originallowall alloworiginall',
  option_any_name: 'allowanymethod allowanymethods allowanyheader allowanyheaders allowallmethods allowallheaders',
  option_origin_switch:
    'allowwildcard allowbrowserextensions allowwebsockets allowfiles allownull allownullorigin allowlocalhost allowsubdomains includesubdomains allowhttp customschemas customschemes',
  option_per_path:
    'resources resource paths path pathpattern urlpattern urlregex mapping delegator delegate optionsdelegate policyname rules',
  option_automatic:
    'vary varyheader varyorigin keepheadersonerror strictpreflight optionspreflight preflight hideoptionsroute automaticoptions alwayssend sendwildcard passthrough hook prefix',
  option_without_counterpart:
    'cachecontrol securecontext loglevel logger logging interceptexceptions replacehttpsreferer allowedrequestorigins cachepreflight',
  option_switch: 'enabled enable active disabled disable',
  private_network: 'allowprivatenetwork privatenetworkaccess privatenetwork',
  preflight_continue: 'optionspassthrough continuepreflight preflightpassthrough passpreflight',
});

function options<Name extends string>(names: Readonly<Record<Name, string>>): Readonly<Record<string, Name>> {
  const entries = Object.entries<string>(names).flatMap(([name, others]) =>
    others.split(' ').map(other => [other, name as Name]),
  );
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries)) as Readonly<Record<string, Name>>;
}

/** What an option of another library is called here, or the code of the problem that says why there is none. */
export function meaningOf(
  name: string,
  known: readonly string[],
): { readonly option: string } | { readonly code: ProblemCode } | undefined {
  const plain = plainName(name);
  // `max_age`, `Access-Control-Allow-Origin`, `corsAllowCredentials`
  for (const form of [plain, plain.replace(/^(?:accesscontrol|cors)/, '')]) {
    const option = known.find(each => plainName(each) === form) ?? SAME_OPTION[form];
    if (option !== undefined && known.includes(option)) return { option };
    const code = OTHER_WAY[form];
    if (code !== undefined) return { code };
  }
  return undefined;
}

function plainName(name: string): string {
  return name.replace(/[\s_-]/g, '').toLowerCase();
}
