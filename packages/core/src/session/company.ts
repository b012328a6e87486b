import type { SessionState } from './state.js'

/** Silences that begin so close to each other have one cause. */
const TOGETHER_MS = 1_000

/** The sites of one client: when all that it reached fall silent together, what they have in common is the client. */
export class Company {
  /** Sites with a link, or that lost it to silence; since when they are silent, Runtime ms. */
  readonly #silentSince = new Map<string, number | undefined>()

  /** What a site's session has become. */
  note(site: string, state: SessionState): void {
    if (state.at === 'suspect') this.#silentSince.set(site, state.silentSince)
    else if ('link' in state) this.#silentSince.set(site, undefined)
    else if (this.#silentSince.get(site) === undefined) this.#silentSince.delete(site)
  }

  /** Two at least, and none of them answers. */
  get isSilent(): boolean {
    const [first, ...others] = this.#silentSince.values()
    if (first === undefined || others.length === 0) return false
    return others.every((since) => since !== undefined && Math.abs(since - first) <= TOGETHER_MS)
  }
}
