import { isChannelName, MessagingError } from '@spanwire/driver'

/** What the functions here need of a contract. */
interface Templated {
  readonly template: string
  readonly params: readonly string[]
}

type Params = Readonly<Record<string, unknown>>

/** `'quotes.{symbol}'` -> `quotes` and `['symbol']`. Throws `invalid` when the template is none. */
export function parseTemplate(template: string): { readonly name: string; readonly params: readonly string[] } {
  const [, name = '', tail = ''] = /^([^{}]*?)((?:\.\{[A-Za-z]\w*\})*)$/.exec(template) ?? []
  const params = tail.slice(2, -1).split('}.{').filter(Boolean)
  if (!isChannelName(name) || new Set(params).size < params.length)
    throw new MessagingError(
      'invalid',
      `"${template}" is no channel: up to 200 of a-z, 0-9, - and dots, then parameters as whole tokens: quotes.{symbol}.`,
    )
  return { name, params: Object.freeze(params) }
}

/**
 * A parameter as one token that every engine takes: `BRK.B` -> `BRK_2eB`. `A-Z a-z 0-9 -` stay, every other byte of its
 * UTF-8 becomes `_` and two hex digits; no two texts share a token. Throws `invalid` for the empty text and for half a surrogate pair.
 */
export function escapeToken(text: string): string {
  if (PLAIN.test(text)) return text
  try {
    if (text) return encodeURIComponent(text).replace(/%(..)|[^A-Za-z0-9-]/g, toHex)
  } catch {}
  throw new MessagingError(
    'invalid',
    `${JSON.stringify(text)} is no channel parameter: it is empty or half a surrogate pair.`,
  )
}

const PLAIN = /^[A-Za-z0-9-]+$/

function toHex(char: string, hex: string | undefined): string {
  return `_${hex?.toLowerCase() ?? char.charCodeAt(0).toString(16)}`
}

/** The text that {@link escapeToken} made the token of. A token of foreign clients that it never makes is given as it is. */
export function unescapeToken(token: string): string {
  if (!token.includes('_')) return token
  try {
    const text = decodeURIComponent(token.replaceAll('_', '%'))
    return escapeToken(text) === token ? text : token
  } catch {
    return token
  }
}

/**
 * The parameters as one text: `{ symbol: 'BRK.B' }` -> `BRK_2eB`; `''` for a contract without. What `params` lacks is taken
 * from `value`. Throws `invalid` when one is in neither, or the whole is above 200 characters.
 */
export function pathOf(contract: Templated, params?: Params, value?: unknown): string {
  if (contract.params.length === 0) return ''
  const fallback: Params = typeof value === 'object' && value !== null ? (value as Params) : {}
  return join(contract, (name) => tokenOf(contract, name, params?.[name] ?? fallback[name]))
}

/** As {@link pathOf} with `*` where a parameter is missing. */
export function patternOf(contract: Templated, params: Params = {}): string {
  return join(contract, (name) => (params[name] === undefined ? '*' : tokenOf(contract, name, params[name])))
}

/** What `Source.paths` takes; absent: the pattern has everything. */
export function pathsOf(pattern: string): readonly string[] | undefined {
  return /^[*.]*$/.test(pattern) ? undefined : [pattern]
}

/** The parameters of a path that arrived, by name. */
export function paramsOf(contract: Templated, path: string): Readonly<Record<string, string>> {
  const [only, more] = contract.params
  // Asked for every message that arrives, and mostly there is one.
  if (only !== undefined && more === undefined) return { [only]: unescapeToken(path) }
  const tokens = path.split('.')
  return Object.fromEntries(contract.params.map((name, at) => [name, unescapeToken(tokens[at] ?? '')]))
}

function join(contract: Templated, token: (name: string) => string): string {
  let path = ''
  for (const name of contract.params) path += path ? `.${token(name)}` : token(name)
  if (path.length <= 200) return path
  throw new MessagingError('invalid', `The parameters of ${contract.template} are above 200 characters, escaped.`)
}

function tokenOf(contract: Templated, name: string, value: unknown): string {
  if (typeof value === 'string' || Number.isFinite(value)) return escapeToken(String(value))
  throw new MessagingError(
    'invalid',
    `${contract.template} needs ${name} as text or number, in the value or in params.`,
  )
}
