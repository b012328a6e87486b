import { matchesPath } from '@spanwire/driver'
import type { Entry } from './entry.js'
import { isExact } from './paths.js'

/** Somebody who is told of each new message of a topic. Must not call back into user code. */
export interface Listener {
  push(entry: Entry): void
}

/** Answers that are remembered; beyond, all are forgotten and found again. */
const MAX_REMEMBERED = 10_000

/** Who listens to a path: one lookup for a path that was asked for before, whatever the number of listeners. */
export class Audience {
  readonly #all: Set<Listener> = new Set()
  readonly #exact: Map<string, Set<Listener>> = new Map()
  readonly #wild: Map<Listener, readonly string[]> = new Map()
  readonly #known: Map<string, readonly Listener[]> = new Map()

  /** `paths`: checked patterns; absent: all. */
  add(listener: Listener, paths: readonly string[] | undefined): void {
    if (paths === undefined) this.#all.add(listener)
    const exact = paths?.filter(isExact) ?? []
    const wild = paths?.filter((pattern) => !isExact(pattern)) ?? []
    for (const path of exact) this.#addExact(path, listener)
    if (wild.length > 0) this.#wild.set(listener, wild)
    this.#forget(paths, exact)
  }

  /** With the patterns that it was added with. */
  remove(listener: Listener, paths: readonly string[] | undefined): void {
    this.#all.delete(listener)
    this.#wild.delete(listener)
    const exact = paths?.filter(isExact) ?? []
    for (const path of exact) this.#removeExact(path, listener)
    this.#forget(paths, exact)
  }

  at(path: string): readonly Listener[] {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    const found = this.#find(path)
    this.#known.set(path, found)
    return found
  }

  #find(path: string): readonly Listener[] {
    const found = new Set([...this.#all, ...(this.#exact.get(path) ?? [])])
    for (const [listener, patterns] of this.#wild) {
      if (patterns.some((pattern) => matchesPath(pattern, path))) found.add(listener)
    }
    return [...found]
  }

  #addExact(path: string, listener: Listener): void {
    const there = this.#exact.get(path)
    if (there === undefined) this.#exact.set(path, new Set([listener]))
    else there.add(listener)
  }

  #removeExact(path: string, listener: Listener): void {
    const there = this.#exact.get(path)
    there?.delete(listener)
    if (there?.size === 0) this.#exact.delete(path)
  }

  #forget(paths: readonly string[] | undefined, exact: readonly string[]): void {
    if (paths === undefined || exact.length < paths.length) this.#known.clear()
    else for (const path of exact) this.#known.delete(path)
  }
}
