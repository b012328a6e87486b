import { isPath, isPathPattern, matchesPath } from '@spanwire/driver'
import { invalid } from './errors.js'

/** Answers that are remembered; beyond, all are forgotten and found again. */
const MAX_REMEMBERED = 10_000

/** Remembers which paths are well-formed, so that a channel checks each once. */
export class Paths {
  readonly #params: number
  readonly #known: Set<string> = new Set()

  constructor(params: number) {
    this.#params = params
  }

  allows(path: string): boolean {
    if (this.#params === 0) return path === ''
    if (this.#known.has(path)) return true
    if (!isPath(path, this.#params)) return false
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.add(path)
    return true
  }
}

export type Filter = (path: string) => boolean

/** The filter of a source, undefined when it takes all. Throws `invalid`. */
export function filterOf(paths: readonly string[] | undefined, params: number): Filter | undefined {
  if (paths === undefined) return undefined
  for (const pattern of paths) {
    if (!isPathPattern(pattern, params)) throw invalid(`"${pattern}" is no pattern of ${params} path tokens`)
  }
  const [only = ''] = paths
  // What thousands of readers ask for.
  if (paths.length === 1 && isExact(only)) return (path) => path === only
  const exact = new Set(paths.filter(isExact))
  const wild = paths.filter((pattern) => !isExact(pattern))
  if (wild.length === 0) return (path) => exact.has(path)
  return remembered((path) => exact.has(path) || wild.some((pattern) => matchesPath(pattern, path)))
}

export function isExact(pattern: string): boolean {
  return !pattern.includes('*')
}

function remembered(filter: Filter): Filter {
  const known = new Map<string, boolean>()
  return (path) => {
    const answer = known.get(path)
    if (answer !== undefined) return answer
    if (known.size >= MAX_REMEMBERED) known.clear()
    const found = filter(path)
    known.set(path, found)
    return found
  }
}
