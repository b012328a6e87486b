/** One abort for many: each has a controller of its own, because platforms warn of many listeners on one signal. */
export class Cuts {
  readonly #added: AbortController[] = []
  aborted = false

  /** One more, aborted as soon as all are. */
  add(): AbortController {
    const one = new AbortController()
    this.#added.push(one)
    if (this.aborted) one.abort()
    return one
  }

  /** `but`: one that is not meant any more. */
  abort(but?: AbortController): void {
    this.aborted = true
    for (const one of this.#added) if (one !== but) one.abort()
  }
}
