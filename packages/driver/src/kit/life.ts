import type { DrainNotice, LinkEnd } from '@spanwire/driver'
import { after } from './after.js'

/** So long before its credentials expire a link asks to be replaced, or for the last quarter of their time. */
const EXPIRY_MARGIN_MS = 30_000

/** When a link asks to be replaced, and when it is over. */
export class Life {
  readonly draining: Promise<DrainNotice>
  readonly ended: Promise<LinkEnd>
  #drain: (notice: DrainNotice) => void = () => undefined
  #end: (end: LinkEnd) => void = () => undefined

  constructor() {
    this.draining = new Promise((resolve) => {
      this.#drain = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** The first notice counts. */
  drain(notice: DrainNotice): void {
    this.#drain(notice)
  }

  /** After all who wait on the link have heard of it: their promises settle in the turns before. */
  end(end: LinkEnd): void {
    this.#end(end)
  }

  /** Where credentials are taken at the start only, another link has to be made before they are over. Absent: they never are. */
  leaveBefore(expiresAtMs: number | undefined, engine: string): void {
    if (expiresAtMs === undefined) return
    const leftMs = expiresAtMs - Date.now()
    const withinMs = Math.min(leftMs / 4, EXPIRY_MARGIN_MS)
    const notice = { reason: `The credentials for ${engine} will expire.`, withinMs }
    const timer = after(leftMs - withinMs, () => this.#drain(notice))
    void this.ended.then(() => clearTimeout(timer))
  }
}
