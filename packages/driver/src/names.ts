const NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/
const TOKEN = /^[A-Za-z0-9_-]+$/

/** Tokens of `[a-z0-9-]` joined by dots, at most 200 characters: the strictest grammar of all engines. Clients check it, drivers refuse others all the same. */
export function isChannelName(name: string): boolean {
  return name.length <= 200 && NAME.test(name)
}

/** `params` tokens of `[A-Za-z0-9_-]` joined by dots, at most 200 characters; the empty text when there are none. */
export function isPath(path: string, params: number): boolean {
  if (params === 0) return path === ''
  const tokens = path.split('.')
  return path.length <= 200 && tokens.length === params && tokens.every((token) => TOKEN.test(token))
}

/** As {@link isPath}, and a token may be `*`. */
export function isPathPattern(pattern: string, params: number): boolean {
  if (params === 0) return pattern === ''
  const tokens = pattern.split('.')
  return (
    pattern.length <= 200 && tokens.length === params && tokens.every((token) => token === '*' || TOKEN.test(token))
  )
}

/** Does the path fit the pattern? Both have been checked. */
export function matchesPath(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return pattern === path
  const wanted = pattern.split('.')
  const tokens = path.split('.')
  return wanted.length === tokens.length && wanted.every((token, at) => token === '*' || token === tokens[at])
}
