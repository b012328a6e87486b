import type { Chance } from './chance.js'

/** Who listens: with a name of a group, one of the group hears each message, whatever the members' patterns (3.2). */
export interface Listener<T> {
  readonly pattern: string
  readonly group: string
  hear(message: T): void
}

/** Publish and subscribe without memory: who does not listen at the moment has missed it (3.2). */
export class Hub<T> {
  readonly #chance: Chance
  readonly #listeners: Set<Listener<T>> = new Set()

  constructor(chance: Chance) {
    this.#chance = chance
  }

  add(listener: Listener<T>): void {
    this.#listeners.add(listener)
  }

  remove(listener: Listener<T>): void {
    this.#listeners.delete(listener)
  }

  publish(channel: string, message: T): void {
    const groups = new Map<string, Listener<T>[]>()
    for (const listener of this.#listeners) {
      if (!matches(listener.pattern, channel)) continue
      if (listener.group === '') listener.hear(message)
      else groups.set(listener.group, [...(groups.get(listener.group) ?? []), listener])
    }
    for (const members of groups.values()) members[Math.floor(this.#chance.draw() * members.length)]?.hear(message)
  }
}

/** `*` is one token, a last `>` one or more; `>` elsewhere never matches, and nobody is told (3.2). */
function matches(pattern: string, channel: string): boolean {
  const wanted = pattern.split('.')
  const tokens = channel.split('.')
  if (tokens.includes('')) return false
  const open = wanted.at(-1) === '>'
  if (open ? tokens.length < wanted.length : tokens.length !== wanted.length) return false
  const fixed = open ? wanted.slice(0, -1) : wanted
  return fixed.every((token, at) => token === '*' || (token === tokens[at] && token !== '>'))
}
